#include "tensor/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace tensor {
namespace {

// The value of an F16 code by its definition.
double half_value(uint16_t code) {
  const int exponent = code >> 10 & 31, mantissa = code & 1023;
  double value = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) value = mantissa == 0 ? INFINITY : NAN;
  return code & 0x8000 ? -value : value;
}

TEST(Float16, EveryCodeHasItsDefinedValue) {
  for (int code = 0; code < 65536; ++code) {
    const float value = f16_to_f32(static_cast<uint16_t>(code));
    const double expected = half_value(static_cast<uint16_t>(code));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << code;
    } else {
      EXPECT_EQ(value, expected) << code;
      EXPECT_EQ(std::signbit(value), code >= 0x8000) << code;
    }
  }
}

TEST(Float16, EveryCodeSurvivesTheWayThereAndBack) {
  for (int code = 0; code < 65536; ++code) {
    const uint16_t back = f32_to_f16(f16_to_f32(static_cast<uint16_t>(code)));
    if ((code & 0x7FFF) > 0x7C00)
      EXPECT_GT(back & 0x7FFF, 0x7C00) << code;
    else
      EXPECT_EQ(back, code);
  }
}

TEST(Float16, RoundsToTheNearestAndTiesToEven) {
  for (int code = 0; code < 0x7BFF; ++code) {
    const double low = half_value(static_cast<uint16_t>(code)),
                 high = half_value(static_cast<uint16_t>(code + 1));
    const float tie = static_cast<float>((low + high) / 2);  // exact: one bit more than a half has
    EXPECT_EQ(f32_to_f16(tie), code % 2 == 0 ? code : code + 1) << code;
    EXPECT_EQ(f32_to_f16(std::nextafter(tie, 0.0f)), code) << code;
    EXPECT_EQ(f32_to_f16(-std::nextafter(tie, INFINITY)), (code + 1) | 0x8000) << code;
  }
}

TEST(Float16, TooLargeBecomesInfinity) {
  EXPECT_EQ(f32_to_f16(65519.996f), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7C00);
  EXPECT_EQ(f32_to_f16(-std::numeric_limits<float>::max()), 0xFC00);
  EXPECT_EQ(f32_to_f16(1e-30f), 0);
}

TEST(BFloat16, IsTheUpperHalfOfAFloatRoundedToEven) {
  EXPECT_EQ(bf16_to_f32(0x3F80), 1.0f);
  EXPECT_EQ(f32_to_bf16(1.0f), 0x3F80);
  EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x3F808000u)), 0x3F80);  // tie, even stays
  EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x3F818000u)), 0x3F82);  // tie, odd goes up
  EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x3F808001u)), 0x3F81);
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x7F800001u)), 0x7FC0);  // NaN, not infinity
}

TEST(BFloat16, EveryCodeSurvivesTheWayThereAndBack) {
  for (int code = 0; code < 65536; ++code) {
    if ((code & 0x7FFF) > 0x7F80) continue;  // NaN
    EXPECT_EQ(f32_to_bf16(bf16_to_f32(static_cast<uint16_t>(code))), code);
  }
}

}  // namespace
}  // namespace tensor
