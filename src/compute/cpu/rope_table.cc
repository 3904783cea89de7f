#include "compute/cpu/rope_table.h"

#include <algorithm>

#include "base/exact_math.h"

namespace compute::cpu {

RopeTable::RopeTable(const Rope& rope)
    : inverse_frequencies_(rope.inverse_frequencies.begin(), rope.inverse_frequencies.end()),
      magnitude_(rope.magnitude),
      n_pairs_(static_cast<int64_t>(rope.inverse_frequencies.size())) {}

bool RopeTable::belongs_to(const Rope& rope) const {
  return magnitude_ == rope.magnitude &&
         std::equal(inverse_frequencies_.begin(), inverse_frequencies_.end(),
                    rope.inverse_frequencies.begin(), rope.inverse_frequencies.end());
}

void RopeTable::cover(int64_t first, int64_t last, ThreadPool& pool) {
  const int64_t last_block = (last + kBlock - 1) / kBlock;
  if (last_block > static_cast<int64_t>(blocks_.size())) blocks_.resize(last_block);
  missing_.clear();
  for (int64_t block = first / kBlock; block < last_block; ++block) {
    if (blocks_[block] != nullptr) continue;
    blocks_[block] = std::make_unique<float[]>(kBlock * 2 * n_pairs_);
    missing_.push_back(block);
  }
  pool.each(static_cast<int64_t>(missing_.size()), [&](int64_t i, int) { fill(missing_[i]); });
}

void RopeTable::fill(int64_t block) {
  for (int64_t i = 0; i < kBlock; ++i) {
    float* cosines = blocks_[block].get() + i * 2 * n_pairs_;
    for (int64_t pair = 0; pair < n_pairs_; ++pair) {
      const float angle = static_cast<float>(block * kBlock + i) * inverse_frequencies_[pair];
      cosines[pair] = static_cast<float>(base::exact_cos(angle)) * magnitude_;
      cosines[n_pairs_ + pair] = static_cast<float>(base::exact_sin(angle)) * magnitude_;
    }
  }
}

}  // namespace compute::cpu
