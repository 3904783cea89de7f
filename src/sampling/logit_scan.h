#pragma once
// One pass over the logits of a vocabulary, and what it makes cheap: the largest, the k largest, the sum of
// exps.
//
// The maximum of each block of 64 is kept, so that later passes read only the blocks that can matter.
// Order everywhere: larger logits first, lower ids first among equals.
#include <span>
#include <vector>

#include "base/result.h"
#include "sampling/sampler.h"

namespace sampling {

inline constexpr int64_t kScanBlock = 64;

struct Candidate {
  float logit;
  TokenId id;
};
inline bool comes_before(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

class LogitScan {
 public:
  // Fails with Code::internal naming the id if a logit is NaN or +infinity, or if all are -infinity.
  // REQUIRES: `logits` is not empty, outlives the scan, and does not change.
  static base::Result<LogitScan> over(std::span<const float> logits);

  std::span<const float> logits() const { return logits_; }
  std::span<const float> block_max() const { return block_max_; }
  float max() const { return max_; }
  TokenId argmax() const;

  // The min(k, n) first in order; sorted.
  std::vector<Candidate> largest(int64_t k) const;

  // log of the sum of exp(logit), in double but for the single exps.
  double log_sum_exp() const;

 private:
  std::span<const float> logits_;
  std::vector<float> block_max_;  // [ceil(n / 64)]
  float max_ = 0;
};

}  // namespace sampling
