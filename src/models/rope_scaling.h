#pragma once
// Inverse frequencies of rotary embeddings, with the scalings that stretch a model's context.
//
// float32 arithmetic in the order of the reference implementation (transformers, modeling_rope_utils.py),
// whose angles are float32 products: the logits of long prompts depend on it.
#include <optional>
#include <vector>

#include "base/result.h"
#include "models/model.h"

namespace models {

struct RopeScaling {
  enum class Type { none, linear, llama3, yarn } type = Type::none;
  double factor = 1;
  double low_freq_factor = 1, high_freq_factor = 4;  // llama3
  int64_t original_context = 0;                      // llama3, yarn
  double beta_fast = 32, beta_slow = 1;              // yarn
  bool truncate = true;                              // yarn: round the ramp's ends
  std::optional<double> attention_factor;            // yarn: replaces 0.1 ln(factor) + 1
};

struct RopeParameters {
  std::vector<float> inverse_frequencies;  // [n_dims / 2]
  float magnitude = 1;
};

// n_dims: rotated dimensions of a head, even.
RopeParameters make_rope(double theta, int64_t n_dims, const RopeScaling& scaling);

// From config.json: rope_theta and rope_scaling (transformers 4) or rope_parameters (transformers 5).
struct RopeConfig {
  double theta = 10000;
  RopeScaling scaling;
};
base::Result<RopeConfig> read_rope_config_json(const base::Json& config, double default_theta,
                                               int64_t context_length);
// From GGUF metadata <architecture>.rope.*.
base::Result<RopeConfig> read_rope_gguf(const base::Json& metadata, const std::string& architecture);

}  // namespace models
