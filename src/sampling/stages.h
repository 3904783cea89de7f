#pragma once
// The stages that scale and leave out tokens, one function each, on a list of candidates whose weights are
// exp(logit - largest logit). For samplers that go beyond sampler.cc's short way.
#include <span>
#include <vector>

#include "sampling/logit_scan.h"

namespace sampling {

class Candidates {
 public:
  // All tokens that may come: those whose logit is not -infinity. REQUIRES: there is one.
  explicit Candidates(std::span<const float> logits);

  size_t size() const { return all_.size(); }
  // The first `n` in order (larger logits first, lower ids first among equals) stand sorted at the front.
  std::span<const Candidate> sorted(size_t n);
  // In no order that means anything.
  std::span<const Candidate> all() const { return all_; }
  float max() const;

  void scale(float factor);         // of every logit; positive
  void keep_first(size_t n);        // at least one stays, as in the next
  void keep_at_least(float logit);  // those whose logit is not below it
  void remove_first(size_t n);      // REQUIRES: n < size()
  void replace(std::vector<Candidate> kept);

  double total_weight() const;  // summed in order of ids, so that it does not depend on what was sorted

 private:
  std::vector<Candidate> all_;
  size_t n_sorted_ = 0;
};

void keep_top_k(Candidates& c, int64_t k);
// The shortest run of first tokens that has this probability together.
void keep_top_p(Candidates& c, float p);
// At least this fraction of the likeliest one's probability.
void keep_min_p(Candidates& c, float p);
// Tang et al. 2024 (top-n-sigma): at most n standard deviations of the logits below the largest.
void keep_top_n_sigma(Candidates& c, float n);
// Meister et al. 2022 (locally typical): those whose surprise is closest to the entropy, until they have this
// probability together.
void keep_typical(Candidates& c, float p);
// All of at least `threshold` probability but the least of them go.
void exclude_top(Candidates& c, float threshold);
// Divides by the temperature; with `range`, by one between temperature - range and temperature + range that
// grows with the entropy, as a share of the largest possible, to the power of `exponent`.
void apply_temperature(Candidates& c, float temperature, float range, float exponent);
// Leaves out tokens of more surprise than `mu` bits; at least one stays.
void keep_surprise(Candidates& c, double mu);
// -log2 of the token's probability among the candidates.
double surprise_of(const Candidates& c, TokenId id);

// The one at which the sum of weights, in order of ids, exceeds u times their total.
TokenId draw(const Candidates& c, double u);

}  // namespace sampling
