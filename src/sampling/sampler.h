#pragma once
// Logits to one token.
//
// Order, as in transformers: temperature, top-k, top-p, min-p, then one draw. Among equal logits the lower id
// counts as the larger, so top-k keeps exactly k. All arithmetic is ours (sampling/fast_exp.h), so a seed
// gives the same token on every CPU. A Sampler belongs to one sequence; it holds no state but its parameters:
// the draw for the token at index i depends on (seed, i) alone (Philox 4x32-10, Salmon et al. 2011).
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"

namespace sampling {

using TokenId = int32_t;

// Below this temperature the choice is greedy: a difference of 1e-4 between logits would weigh e^100.
inline constexpr float kLeastTemperature = 1e-6f;

struct Parameters {
  float temperature = 1.0f;  // 0: greedy (the lowest id among equals)
  int top_k = 0;             // 0: off
  float top_p = 1.0f;        // 1: off
  float min_p = 0.0f;        // 0: off
  uint64_t seed = 0;
};
// Names the parameter that is out of its range.
base::Status validate(const Parameters& parameters);

struct TokenLogprob {
  TokenId id;
  float logprob;
};

struct Sampled {
  TokenId id = 0;
  float logprob = 0;              // of the raw distribution, before temperature; set if asked for
  std::vector<TokenLogprob> top;  // the most likely, descending, ties by lower id; none of probability 0
};

class Sampler {
 public:
  explicit Sampler(const Parameters& parameters);

  // `logits` [n_valid] of ids that the tokenizer knows (padding rows of the vocabulary cut off by the
  // caller). n_top < 0: no log-probabilities at all; 0: of the chosen token only. `banned` ids are never
  // chosen. Fails with Code::internal naming the id if a logit is NaN or +inf, or if all are -inf.
  base::Result<Sampled> sample(std::span<const float> logits, int64_t token_index, int n_top,
                               std::span<const TokenId> banned = {}) const;

 private:
  Parameters parameters_;
};

// log-probability of `id` under softmax(logits), good to 2e-7; the same number that sample() reports before
// it is rounded to float. NaN if the logits are not finite (see sample()). REQUIRES: `id` is in range.
double log_probability(std::span<const float> logits, TokenId id);

}  // namespace sampling
