#include "sampling/logit_scan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/exact_math.h"
#include "base/strings.h"
#include "sampling/fast_exp.h"

namespace sampling {

namespace {

// Sixteen lanes that know nothing of each other: compilers turn the inner loops into vector instructions.
constexpr int kLanes = 16;

struct BlockMax {
  float max;
  bool is_fine;  // neither NaN nor +infinity among them
};

BlockMax full_block_max(const float* x) {
  std::array<float, kLanes> max;
  std::array<int32_t, kLanes> bad;
  for (int l = 0; l < kLanes; ++l) max[l] = x[l];
  for (int l = 0; l < kLanes; ++l) bad[l] = !(x[l] <= std::numeric_limits<float>::max());
  for (int j = kLanes; j < kScanBlock; j += kLanes) {
    for (int l = 0; l < kLanes; ++l) max[l] = max[l] < x[j + l] ? x[j + l] : max[l];
    for (int l = 0; l < kLanes; ++l) bad[l] |= !(x[j + l] <= std::numeric_limits<float>::max());
  }
  for (int n = kLanes / 2; n > 0; n /= 2)
    for (int l = 0; l < n; ++l) {
      max[l] = max[l] < max[l + n] ? max[l + n] : max[l];
      bad[l] |= bad[l + n];
    }
  return {max[0], bad[0] == 0};
}

BlockMax short_block_max(std::span<const float> x) {
  BlockMax result{x[0], true};
  for (const float value : x) {
    result.max = std::max(result.max, value);
    result.is_fine = result.is_fine && value <= std::numeric_limits<float>::max();
  }
  return result;
}

base::Error not_finite(std::span<const float> logits, int64_t first) {
  int64_t id = first;
  while (logits[static_cast<size_t>(id)] <= std::numeric_limits<float>::max()) ++id;
  const char* what = std::isnan(logits[static_cast<size_t>(id)]) ? "not a number" : "infinite";
  return {base::Code::internal, base::cat("the model's logit of token ", id, " is ", what)};
}

double sum_of_exps(const float* x, int64_t n, float max) {
  std::array<double, 4> sum{};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int l = 0; l < 4; ++l) sum[l] += exp_of_minus(max - x[i + l]);
  for (; i < n; ++i) sum[0] += exp_of_minus(max - x[i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

}  // namespace

base::Result<LogitScan> LogitScan::over(std::span<const float> logits) {
  LogitScan scan;
  scan.logits_ = logits;
  const auto n = static_cast<int64_t>(logits.size());
  scan.block_max_.resize(static_cast<size_t>((n + kScanBlock - 1) / kScanBlock));
  float max = -std::numeric_limits<float>::infinity();
  for (int64_t first = 0; first < n; first += kScanBlock) {
    const BlockMax block = n - first >= kScanBlock
                               ? full_block_max(&logits[static_cast<size_t>(first)])
                               : short_block_max(logits.subspan(static_cast<size_t>(first)));
    if (!block.is_fine) return std::unexpected(not_finite(logits, first));
    scan.block_max_[static_cast<size_t>(first / kScanBlock)] = block.max;
    max = std::max(max, block.max);
  }
  if (max == -std::numeric_limits<float>::infinity())
    return base::fail(base::Code::internal, "the model gave no token a probability");
  scan.max_ = max;
  return scan;
}

TokenId LogitScan::argmax() const {
  const auto block = std::ranges::find(block_max_, max_) - block_max_.begin();
  int64_t id = block * kScanBlock;
  while (logits_[static_cast<size_t>(id)] != max_) ++id;
  return static_cast<TokenId>(id);
}

std::vector<Candidate> LogitScan::largest(int64_t k) const {
  const auto n = static_cast<int64_t>(logits_.size());
  const auto n_blocks = static_cast<int64_t>(block_max_.size());
  k = std::min(k, n);
  // The k-th largest block maximum is a lower bound of the k-th largest logit.
  float bound = -std::numeric_limits<float>::infinity();
  if (k < n_blocks) {
    std::vector<float> maxima = block_max_;
    std::ranges::nth_element(maxima, maxima.begin() + (k - 1), std::greater<>());
    bound = maxima[static_cast<size_t>(k - 1)];
  }
  std::vector<Candidate> found;
  found.reserve(static_cast<size_t>(std::min(n, 4 * k + kScanBlock)));
  for (int64_t block = 0; block < n_blocks; ++block) {
    if (block_max_[static_cast<size_t>(block)] < bound) continue;
    const int64_t end = std::min(n, (block + 1) * kScanBlock);
    for (int64_t id = block * kScanBlock; id < end; ++id)
      if (const float logit = logits_[static_cast<size_t>(id)]; logit >= bound)
        found.push_back({logit, static_cast<TokenId>(id)});
  }
  if (static_cast<int64_t>(found.size()) > k) {
    std::ranges::nth_element(found, found.begin() + k, comes_before);
    found.resize(static_cast<size_t>(k));
  }
  std::ranges::sort(found, comes_before);
  return found;
}

double LogitScan::log_sum_exp() const {
  double sum = 0;
  const auto n = static_cast<int64_t>(logits_.size());
  for (int64_t first = 0; first < n; first += kScanBlock)
    sum += sum_of_exps(&logits_[static_cast<size_t>(first)], std::min(kScanBlock, n - first), max_);
  return max_ + base::exact_log(sum);
}

}  // namespace sampling
