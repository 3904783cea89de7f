#pragma once
// Cosines and sines of rotary embedding, computed once for each position that is seen.
//
// angle = float(position) * inverse_frequency, rounded to float32 as the reference implementation does; cos
// and sin of it in double (base/exact_math.h), rounded to float, times the magnitude.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "compute/backend.h"
#include "compute/cpu/thread_pool.h"

namespace compute::cpu {

class RopeTable {
 public:
  explicit RopeTable(const Rope& rope);

  bool belongs_to(const Rope& rope) const;

  // Makes cosines() and sines() valid for [first, last).
  void cover(int64_t first, int64_t last, ThreadPool& pool);

  const float* cosines(int64_t position) const { return entry(position); }           // [n_pairs]
  const float* sines(int64_t position) const { return entry(position) + n_pairs_; }  // [n_pairs]

 private:
  static constexpr int64_t kBlock = 64;  // positions computed together: [position][cos, sin][pair]

  const float* entry(int64_t position) const {
    return blocks_[position / kBlock].get() + position % kBlock * 2 * n_pairs_;
  }
  void fill(int64_t block);

  std::vector<float> inverse_frequencies_;
  float magnitude_;
  int64_t n_pairs_;
  std::vector<std::unique_ptr<float[]>> blocks_;
  std::vector<int64_t> missing_;  // of one cover()
};

}  // namespace compute::cpu
