// Qwen2, Qwen2.5, QwQ and the R1 distills on Qwen: llama with biases on q, k and v.
#include "models/decoder.h"
#include "models/registry.h"

namespace models {
namespace {

class Qwen2 final : public Decoder {
 public:
  static constexpr DecoderTraits kTraits{
      .architecture = "qwen2", .default_theta = 10000, .default_eps = 1e-6, .qkv_bias_always = true};
  using Decoder::Decoder;

 private:
  void layer(const LayerWeights& w, const LayerStep& step) override {
    add_attention(w.attention, step);
    add_gated_mlp(w.mlp, step);
  }
};

}  // namespace

extern const Architecture kQwen2;
const Architecture kQwen2{.gguf_name = "qwen2",
                          .class_name = "Qwen2ForCausalLM",
                          .model_type = "qwen2",
                          .read_config = read_decoder_config<Qwen2>,
                          .load = load_decoder<Qwen2>};

}  // namespace models
