// Llama 1 to 3.x, SmolLM2 and most Japanese and South-East Asian derivatives: pre-norm layers, grouped-query
// attention, SwiGLU. GGUF files have the rows of q and k permuted for interleaved rotation; checkpoints
// rotate by halves.
#include "models/decoder.h"
#include "models/registry.h"

namespace models {
namespace {

class Llama final : public Decoder {
 public:
  static constexpr DecoderTraits kTraits{
      .architecture = "llama", .default_theta = 10000, .default_eps = 1e-6, .gguf_interleaved = true};
  using Decoder::Decoder;

 private:
  void layer(const LayerWeights& w, const LayerStep& step) override {
    add_attention(w.attention, step);
    add_gated_mlp(w.mlp, step);
  }
};

}  // namespace

extern const Architecture kLlama;
const Architecture kLlama{.gguf_name = "llama",
                          .class_name = "LlamaForCausalLM",
                          .model_type = "llama",
                          .read_config = read_decoder_config<Llama>,
                          .load = load_decoder<Llama>};

}  // namespace models
