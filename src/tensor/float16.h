#pragma once
// The two 16-bit floating-point formats, converted to and from float without help from the CPU, so that every
// machine gives the same bits.
//
//   F16   s eeeee mmmmmmmmmm       IEEE half: largest 65504, smallest subnormal 2^-24
//   BF16  s eeeeeeee mmmmmmm       the upper half of a float
//
// To float is exact. From float rounds to nearest, ties to even; what is too large becomes infinity; NaN
// stays NaN.
#include <bit>
#include <cstdint>

namespace tensor {

inline float f16_to_f32(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t exponent = (half >> 10) & 0x1F;
  const uint32_t mantissa = half & 0x3FFu;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, exact
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  const uint32_t wide_exponent = exponent == 0x1F ? 0xFFu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide_exponent << 23 | mantissa << 13);
}

inline uint16_t f32_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return sign | 0x7E00u;  // NaN
  // 65520 is half way between the largest half and the next step, and the tie goes up.
  if (magnitude >= std::bit_cast<uint32_t>(65520.0f)) return sign | 0x7C00u;
  if (magnitude < std::bit_cast<uint32_t>(0x1p-14f)) {
    // Adding 0.5 leaves the value in units of 2^-24 at the lower end of the sum's mantissa, rounded as we
    // want it.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(0.5f)));
  }
  const uint32_t rebiased = magnitude - ((127u - 15u) << 23);
  return static_cast<uint16_t>(sign | (rebiased + 0xFFFu + (rebiased >> 13 & 1)) >> 13);
}

inline float bf16_to_f32(uint16_t bits) {
  return std::bit_cast<float>(uint32_t{bits} << 16);
}

inline uint16_t f32_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
    return static_cast<uint16_t>(bits >> 16 | 0x40u);  // NaN, made quiet
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}

}  // namespace tensor
