#pragma once
// exp(-d) in float for a whole vocabulary: multiplications and additions alone, so that every CPU and
// compiler gives the same bits and any vector width will do. Relative error below 2e-7 (fast_exp_test.cc).
#include <bit>
#include <cstdint>

namespace sampling {

// exp(-d) for d >= 0, infinity included; 0 where the result would be below about 2^-126. exp(-0) is
// exactly 1.
//
// exp(-d) = 2^n exp(r) with n = round(-d / ln 2), |r| <= ln 2 / 2; there the Taylor series to r^7 is good to
// 6e-9.
inline float exp_of_minus(float d) {
  const float limited = d < 87.0f ? d : 87.0f;
  // Adding 1.5 * 2^23 leaves round(x) in the low bits of the sum.
  const float shifted = limited * -0x1.715476p+0f + 0x1.8p+23f;
  const float n = shifted - 0x1.8p+23f;
  // ln 2 in two parts, the first of 15 bits so that its product with n is exact.
  const float r = (-limited - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  // The low bits of `shifted` hold n; moved to the exponent they scale p by 2^n.
  const uint32_t scaled = std::bit_cast<uint32_t>(p) + (std::bit_cast<uint32_t>(shifted) << 23);
  return d < 87.0f ? std::bit_cast<float>(scaled) : 0.0f;
}

}  // namespace sampling
