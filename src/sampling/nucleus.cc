#include "sampling/nucleus.h"

#include <algorithm>
#include <array>

#include "sampling/fast_exp.h"

namespace sampling {

namespace {

// Weights are counted by distance, in bins 1/64 wide: the weights of one bin differ by 1.6 %. From distance
// 32 on a weight is below 2e-14, and everything shares the last bin.
constexpr int kBins = 2048;
constexpr float kBinsPerUnit = 64;

int bin_of(float distance) {
  const float scaled = distance * kBinsPerUnit;
  return static_cast<int>(scaled < kBins - 1 ? scaled : kBins - 1);
}

using BlockWeights = std::array<float, kScanBlock>;

int64_t block_length(const LogitScan& scan, int64_t block) {
  return std::min(kScanBlock, static_cast<int64_t>(scan.logits().size()) - block * kScanBlock);
}
const float* block_logits(const LogitScan& scan, int64_t block) {
  return scan.logits().data() + block * kScanBlock;
}

// The weights of a block's kept tokens, 0 for the others and past the end.
void kept_weights(const LogitScan& scan, const Scale& scale, const Cut& cut, int64_t block,
                  BlockWeights& weights) {
  const float* x = block_logits(scan, block);
  const int64_t n = block_length(scan, block);
  const auto first_id = static_cast<TokenId>(block * kScanBlock);
  const auto weight = [&](int64_t j) {
    const float distance = scale.distance(x[j]);
    const auto id = static_cast<TokenId>(first_id + j);
    const bool kept =
        (distance <= cut.distance) & ((x[j] > cut.logit) | ((x[j] == cut.logit) & (id <= cut.id)));
    return kept ? exp_of_minus(distance) : 0.0f;
  };
  if (n == kScanBlock) {
    for (int j = 0; j < kScanBlock; ++j) weights[j] = weight(j);
  } else {
    weights.fill(0);
    for (int64_t j = 0; j < n; ++j) weights[static_cast<size_t>(j)] = weight(j);
  }
}

double sum(const BlockWeights& weights) {
  std::array<double, 4> lanes{};
  for (int j = 0; j < kScanBlock; j += 4)
    for (int l = 0; l < 4; ++l) lanes[l] += weights[j + l];
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

std::array<double, kBins> mass_by_bin(const LogitScan& scan, const Scale& scale) {
  std::array<double, kBins> mass{};
  for (size_t block = 0; block < scan.block_max().size(); ++block) {
    const float* x = block_logits(scan, static_cast<int64_t>(block));
    const int64_t n = block_length(scan, static_cast<int64_t>(block));
    BlockWeights weights;
    std::array<int, kScanBlock> bins;
    for (int64_t j = 0; j < n; ++j) {
      const float distance = scale.distance(x[j]);
      weights[static_cast<size_t>(j)] = exp_of_minus(distance);
      bins[static_cast<size_t>(j)] = bin_of(distance);
    }
    for (int64_t j = 0; j < n; ++j)
      mass[static_cast<size_t>(bins[static_cast<size_t>(j)])] += weights[static_cast<size_t>(j)];
  }
  return mass;
}

std::vector<Candidate> tokens_in_bin(const LogitScan& scan, const Scale& scale, int bin) {
  std::vector<Candidate> found;
  for (size_t block = 0; block < scan.block_max().size(); ++block) {
    if (bin_of(scale.distance(scan.block_max()[block])) > bin) continue;
    const float* x = block_logits(scan, static_cast<int64_t>(block));
    for (int64_t j = 0; j < block_length(scan, static_cast<int64_t>(block)); ++j)
      if (bin_of(scale.distance(x[j])) == bin)
        found.push_back({x[j], static_cast<TokenId>(static_cast<int64_t>(block) * kScanBlock + j)});
  }
  return found;
}

}  // namespace

void cut_by_mass(const LogitScan& scan, const Scale& scale, float top_p, Cut& cut) {
  const std::array<double, kBins> mass = mass_by_bin(scan, scale);
  double total = 0;
  for (const double m : mass) total += m;
  const double wanted = total * double{top_p};
  double before = 0;
  int bin = 0;
  while (bin < kBins - 1 && before + mass[static_cast<size_t>(bin)] < wanted)
    before += mass[static_cast<size_t>(bin++)];
  // Rounding may have led past the last token: an empty bin has nothing to cut, and the bins before it stay
  // whole.
  std::vector<Candidate> edge = tokens_in_bin(scan, scale, bin);
  std::ranges::sort(edge, comes_before);
  for (const Candidate& candidate : edge) {
    before += exp_of_minus(scale.distance(candidate.logit));
    cut.logit = candidate.logit;
    cut.id = candidate.id;
    if (before >= wanted) return;
  }
}

TokenId draw(const LogitScan& scan, const Scale& scale, const Cut& cut, double u) {
  const auto n_blocks = static_cast<int64_t>(scan.block_max().size());
  const auto may_matter = [&](int64_t block) {
    const float max = scan.block_max()[static_cast<size_t>(block)];
    return max >= cut.logit && scale.distance(max) <= cut.distance;
  };
  std::vector<double> block_sums(scan.block_max().size(), 0.0);
  BlockWeights weights;
  double total = 0;
  for (int64_t block = 0; block < n_blocks; ++block) {
    if (!may_matter(block)) continue;
    kept_weights(scan, scale, cut, block, weights);
    total += block_sums[static_cast<size_t>(block)] = sum(weights);
  }
  const double target = total * u;
  double before = 0;
  int64_t chosen = 0;
  for (int64_t block = 0; block < n_blocks; ++block) {
    if (block_sums[static_cast<size_t>(block)] == 0) continue;
    chosen = block;
    if (before + block_sums[static_cast<size_t>(block)] > target) break;
    before += block_sums[static_cast<size_t>(block)];
  }
  kept_weights(scan, scale, cut, chosen, weights);
  // The block's sum was rounded in another order, so the end of the block may come first: then its last token
  // it is.
  int64_t token = 0;
  for (int64_t j = 0; j < kScanBlock; ++j) {
    if (weights[static_cast<size_t>(j)] == 0) continue;
    token = j;
    before += weights[static_cast<size_t>(j)];
    if (before > target) break;
  }
  return static_cast<TokenId>(chosen * kScanBlock + token);
}

}  // namespace sampling
