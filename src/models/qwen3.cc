// Qwen3 dense: llama with q and k normed head by head before rotation, and a head size of its own.
#include "models/decoder.h"
#include "models/registry.h"

namespace models {
namespace {

class Qwen3 final : public Decoder {
 public:
  static constexpr DecoderTraits kTraits{
      .architecture = "qwen3", .default_theta = 10000, .default_eps = 1e-6, .qk_norm = true};
  using Decoder::Decoder;

 private:
  void layer(const LayerWeights& w, const LayerStep& step) override {
    add_attention(w.attention, step);
    add_gated_mlp(w.mlp, step);
  }
};

}  // namespace

extern const Architecture kQwen3;
const Architecture kQwen3{.gguf_name = "qwen3",
                          .class_name = "Qwen3ForCausalLM",
                          .model_type = "qwen3",
                          .read_config = read_decoder_config<Qwen3>,
                          .load = load_decoder<Qwen3>};

}  // namespace models
