#pragma once
// Helpers of the kernel tests.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "compute/cpu/kernels/dispatch.h"

namespace compute::cpu {

// The tables other than the scalar one that this CPU can run.
inline std::vector<const KernelTable*> fast_tables() {
  std::vector<const KernelTable*> tables;
  for (const KernelChoice& choice : built_kernels()) {
    if (choice.runs_here && choice.table != &scalar_kernels()) tables.push_back(choice.table);
  }
  return tables;
}

// Equal bit for bit; any NaN equals any other. Names the first element that differs.
inline ::testing::AssertionResult same_bits(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size())
    return ::testing::AssertionFailure() << a.size() << " and " << b.size() << " values";
  for (size_t i = 0; i < a.size(); ++i) {
    const bool same = std::bit_cast<uint32_t>(a[i]) == std::bit_cast<uint32_t>(b[i]);
    if (!same && !(std::isnan(a[i]) && std::isnan(b[i]))) {
      return ::testing::AssertionFailure()
             << "element " << i << " of " << a.size() << ": " << std::hexfloat << a[i] << " and " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

inline std::vector<float> random_floats(int64_t n, float spread, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> pick(0.0f, spread);
  std::vector<float> values(n);
  for (float& value : values) value = pick(random);
  return values;
}

// Puts values that rounding treats specially among others: zeros, denormals, huge ones, infinities, NaN.
inline void strew_extremes(std::vector<float>& values, uint32_t seed, bool with_non_finite) {
  constexpr float kFinite[] = {0.0f,  -0.0f,  1e-45f, -3e-39f, 1.17549435e-38f,
                               3e38f, -3e38f, 1e-20f, 88.7f,   -87.4f};
  constexpr float kOther[] = {HUGE_VALF, -HUGE_VALF, NAN};
  std::mt19937 random(seed);
  for (float& value : values) {
    const uint32_t r = random();
    if (r % 5 == 0) value = kFinite[r / 5 % std::size(kFinite)];
    if (with_non_finite && r % 97 == 0) value = kOther[r / 97 % std::size(kOther)];
  }
}

}  // namespace compute::cpu
