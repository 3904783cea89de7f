#pragma once
// exp(x) in float: the arithmetic that every kernel table follows step by step (exp_avx2.h, exp_avx512.h).
//
// x = n ln2 + r with |r| <= ln2/2; exp(r) = 1 + (r + r^2 q(r)), q of degree 4 interpolated at Chebyshev's
// points (relative error 1e-8, a sixth of a unit in the last place); 2^n is added to the exponent field.
// Below kExpLow the result is 0, above kExpHigh infinity; NaN stays NaN. Error: below 1.1 units in the last
// place.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace compute::cpu {

inline constexpr float kExpLow = -87.33f;     // exp of it is still a normal number
inline constexpr float kExpHigh = 88.72283f;  // the largest float whose exp is finite
inline constexpr float kLog2E = 0x1.715476p+0f;
inline constexpr float kRoundingShift = 0x1.8p+23f;  // x + shift rounds x to an integer in the low bits
inline constexpr float kLn2High = 0x1.62e4p-1f;      // 15 bits: its product with n is exact
inline constexpr float kLn2Low = 0x1.7f7d1cp-20f;
inline constexpr float kExpC0 = 0x1.000000p-1f;
inline constexpr float kExpC1 = 0x1.5554dcp-3f;
inline constexpr float kExpC2 = 0x1.555518p-5f;
inline constexpr float kExpC3 = 0x1.120c62p-7f;
inline constexpr float kExpC4 = 0x1.6d11fep-10f;

inline float exp_f32(float x) {
  if (x != x) return x;
  if (x < kExpLow) return 0.0f;
  if (x > kExpHigh) return std::numeric_limits<float>::infinity();
  const float shifted = std::fma(x, kLog2E, kRoundingShift);
  const float n = shifted - kRoundingShift;
  const float r = std::fma(n, -kLn2Low, std::fma(n, -kLn2High, x));
  float q = std::fma(kExpC4, r, kExpC3);
  q = std::fma(q, r, kExpC2);
  q = std::fma(q, r, kExpC1);
  q = std::fma(q, r, kExpC0);
  const float mantissa = 1.0f + std::fma(q, r * r, r);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(mantissa) + (std::bit_cast<uint32_t>(shifted) << 23));
}

}  // namespace compute::cpu
