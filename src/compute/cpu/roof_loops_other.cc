#include <cstring>

#include "compute/cpu/roof_loops.h"

namespace compute::cpu {
namespace {

void read(const std::byte* from, size_t n_bytes, bool) {
  uint64_t sums[8] = {};
  for (size_t i = 0; i < n_bytes; i += sizeof sums) {
    uint64_t words[8];
    std::memcpy(words, from + i, sizeof words);
    for (int j = 0; j < 8; ++j) sums[j] += words[j];
  }
  asm volatile("" ::"r"(sums) : "memory");
}

void multiply_add(int64_t n) {
  float lanes[64];
  for (int i = 0; i < 64; ++i) lanes[i] = static_cast<float>(i);
  for (; n > 0; --n) {
    for (float& lane : lanes) lane = lane * 0.999f + 0.001f;
  }
  asm volatile("" ::"r"(lanes) : "memory");
}

}  // namespace

RoofLoops roof_loops() {
  return {.read = read, .fp32 = {multiply_add, 128.0}};
}

}  // namespace compute::cpu
