#pragma once
// What the dense decoders (llama, qwen2, qwen3) have in common: shape, weights of a layer, work buffers, and
// the two halves of a layer. An architecture file says how its own layer is put together from these.
#include <memory>
#include <optional>
#include <vector>

#include "models/model.h"
#include "models/non_finite_search.h"
#include "models/rope_scaling.h"
#include "models/weight_loader.h"

namespace models {

struct DecoderShape {
  Config config;
  float norm_eps = 1e-5f;
  int64_t rope_dims = 0;  // rotated dimensions of a head
  RopeConfig rope;
  bool rope_interleaved = false;
  bool tied = false;  // the output head is the embedding table
  // safetensors: what config.json promises; GGUF: what the file holds.
  bool qkv_bias = false, output_bias = false, mlp_bias = false;
};

// How an architecture's config.json and metadata differ from llama's.
struct DecoderTraits {
  std::string_view architecture;  // GGUF prefix
  double default_theta = 10000;
  double default_eps = 1e-6;      // config.json only: in GGUF the key must be there
  bool qkv_bias_always = false;   // qwen2: no attention_bias key
  bool gguf_interleaved = false;  // the converter permuted q and k rows for interleaved rotation
  bool qk_norm = false;           // q and k are normed head by head before rotation
};
base::Result<DecoderShape> read_decoder_shape(const model_files::ModelFile& file,
                                              const DecoderTraits& traits);

// A vector that a norm multiplies with.
struct NormWeight {
  std::string name;           // of the tensor
  std::vector<float> values;  // empty: no norm
  const float* data_or_null() const { return values.empty() ? nullptr : values.data(); }
};

// A matrix with its bias, if it has one.
struct Projection {
  std::string name;  // of the weight's tensor
  std::unique_ptr<compute::Matrix> weight;
  std::vector<float> bias;  // empty: none
  std::string bias_name() const;
  compute::LinearTerm to(compute::Rows output, bool add_to_output = false) const {
    return {weight.get(), bias.empty() ? nullptr : bias.data(), output, add_to_output};
  }
};

struct AttentionWeights {
  NormWeight norm;  // [width]
  Projection q, k, v, output;
  NormWeight q_norm, k_norm;  // [head_dim], qwen3 only
};

struct MlpWeights {
  NormWeight norm;  // [width]
  Projection gate, up, down;
};

struct LayerWeights {
  AttentionWeights attention;
  MlpWeights mlp;
};

// Float buffers of one step, made by reserve(). Sizes in rows of the step.
struct StepBuffers {
  std::vector<float> residual, normed;  // [max_rows, width]
  std::vector<float> q, attended;       // [max_rows, n_heads * head_dim]
  std::vector<float> k, v;              // [max_rows, n_kv_heads * head_dim]
  std::vector<float> gate, up;          // [max_rows, ffn_width]
  std::vector<float> head_input;        // [max_logit_rows, width]
};

// The skeleton of a decoder-only model: embedding, layers, final norm, output head.
class Decoder : public Model {
 public:
  Decoder(DecoderShape shape, compute::Backend& backend);

  const Config& config() const override { return shape_.config; }
  compute::Backend& backend() const override { return ops_; }
  compute::KvShape kv_shape(compute::KvType type) const override;
  uint64_t weight_bytes() const override { return weight_bytes_; }
  uint64_t decode_weight_bytes() const override { return decode_weight_bytes_; }
  int64_t max_rows() const override { return max_rows_; }
  base::Status reserve(int64_t max_rows, int64_t max_logit_rows) override;
  void forward(const Step& step, compute::KvMemory& kv, float* logits) override;
  std::string find_non_finite(const Step& step, compute::KvMemory& kv) override;

  base::Status load(const model_files::ModelFile& file, const LoadOptions& options,
                    const DecoderTraits& traits);

 protected:
  // What a layer works on: the residual stream of the step's rows, and where its keys and values go.
  struct LayerStep {
    compute::Rows x;  // [n_rows, width], updated in place
    std::span<const compute::SequenceRows> sequences;
    compute::KvMemory& kv;
    int layer_index;
    NonFiniteSearch* search;  // null: in a step that serves
  };
  // Where a step searches, looks at what these weights have just made.
  static void look(const LayerStep& step, const std::string& tensor, compute::Rows made);
  static void look(const LayerStep& step, const Projection& weights, compute::Rows made);
  virtual void layer(const LayerWeights& w, const LayerStep& step) = 0;

  // x += Wo attention(rope(Wq h), rope(Wk h), Wv h), h = rmsnorm(x); q and k normed by head if the weights
  // say so.
  void add_attention(const AttentionWeights& w, const LayerStep& step);
  // x += Wdown(silu(Wgate h) * Wup h), h = rmsnorm(x)
  void add_gated_mlp(const MlpWeights& w, const LayerStep& step);

  DecoderShape shape_;
  compute::Backend& ops_;

 private:
  void run(const Step& step, compute::KvMemory& kv, float* logits, NonFiniteSearch* search);
  void run_head(const Step& step, compute::Rows x, float* logits, NonFiniteSearch* search);
  compute::Rows rows(std::vector<float>& buffer, int64_t n_rows, int64_t n_columns);
  const Projection& head() const { return head_.weight ? head_ : embedding_; }

  base::Status load_ends(WeightLoader& loader);
  void count_weights();

  RopeParameters rope_;
  Projection embedding_, head_;  // head_ without a weight: tied
  NormWeight final_norm_;        // [width]
  std::vector<LayerWeights> layers_;
  StepBuffers buffers_;
  int64_t max_rows_ = 0;
  uint64_t weight_bytes_ = 0, decode_weight_bytes_ = 0;
};

// The two functions of an Architecture (models/registry.h), for a Decoder with a `kTraits`.
template <class Derived>
base::Result<Config> read_decoder_config(const model_files::ModelFile& file) {
  return TRY(read_decoder_shape(file, Derived::kTraits)).config;
}
template <class Derived>
base::Result<std::unique_ptr<Model>> load_decoder(const model_files::ModelFile& file,
                                                  const LoadOptions& options) {
  auto model = std::make_unique<Derived>(TRY(read_decoder_shape(file, Derived::kTraits)), options.backend);
  TRY(model->load(file, options, Derived::kTraits));
  return model;
}

}  // namespace models
