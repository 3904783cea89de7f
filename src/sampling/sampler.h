#pragma once
// Logits to one token: bans and biases, then the stages in their order, then one draw (docs/sampling.md).
//
// Among equal logits the lower id counts as the larger, so top-k keeps exactly k. All arithmetic is ours
// (sampling/fast_exp.h), so a seed gives the same token on every CPU. A Sampler belongs to one sequence. The
// draw for the token at index i depends on (seed, i) alone (Philox 4x32-10, Salmon et al. 2011), and all else
// on the tokens so far; only mirostat keeps something, its surprise so far, so a sampler is asked once for
// each token, in order.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "sampling/history.h"
#include "sampling/parameters.h"

namespace sampling {

struct TokenLogprob {
  TokenId id;
  float logprob;
};

struct Sampled {
  TokenId id = 0;
  float logprob = 0;              // of the raw distribution, before temperature, unless asked otherwise
  std::vector<TokenLogprob> top;  // the most likely, descending, ties by lower id; none of probability 0
};

class Sampler {
 public:
  explicit Sampler(const Parameters& parameters);

  // `logits` [n_valid] of ids that the tokenizer knows (padding rows of the vocabulary cut off by the
  // caller). The token is the one after `history`. Fails with Code::internal naming the id if a logit is NaN
  // or +inf, or if all are -inf; with Code::invalid_argument if bans leave nothing.
  struct Report {
    int n_top = -1;               // < 0: no log-probabilities at all; 0: of the chosen token only
    bool after_sampling = false;  // among what the stages left, after the temperature
  };
  base::Result<Sampled> sample(std::span<const float> logits, const History& history, Report report);
  // For parameters that do not look back: the token at `token_index` of the answer.
  base::Result<Sampled> sample(std::span<const float> logits, int64_t token_index, int n_top);

 private:
  base::Result<Sampled> sample_at(std::span<const float> logits, const History& history, int64_t token_index,
                                  Report report);
  TokenId choose_by_stages(std::span<const float> logits, const History& history, int64_t token_index,
                           Report report, Sampled& sampled);

  Parameters parameters_;
  double surprise_limit_;        // mirostat's mu, in bits
  std::vector<float> adjusted_;  // [n_valid], if bans or penalties change the logits
};

// What the model thought of a token that is given: its log-probability, and the n_top most likely. Fails as
// sample().
base::Result<Sampled> appraise(std::span<const float> logits, TokenId id, int n_top);

// log-probability of `id` under softmax(logits), good to 2e-7; the same number that sample() reports before
// it is rounded to float. NaN if the logits are not finite (see sample()). REQUIRES: `id` is in range.
double log_probability(std::span<const float> logits, TokenId id);

}  // namespace sampling
