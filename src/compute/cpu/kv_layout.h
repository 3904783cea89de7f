#pragma once
// What a page holds of one head in one layer, by the cache's type.
//
//   K: [head_dim][64] values   64 scales      keys in lanes: the scores of 64 keys are one product with q
//   V: [64][head_dim] values   64 scales      (no scales with f32 and bf16)
//
// Four-bit values lie in runs of 16 columns, 8 bytes each: byte i has column i in its low half and column i +
// 8 in its high half, so that both halves are widened in order. A row of V is filled up to whole runs.
#include <cstdint>

#include "compute/backend.h"

namespace compute::cpu {

struct NibblePair {
  uint8_t byte;
};

// Values in an element of each element type: float, uint16_t (bf16), int8_t, NibblePair.
template <class T>
inline constexpr int kValuesOf = 1;
template <>
inline constexpr int kValuesOf<NibblePair> = 2;

template <class T>
inline constexpr bool kHasScales = sizeof(T) == 1;

// Elements of a row of V.
template <class T>
inline int64_t v_stride(int head_dim) {
  return kValuesOf<T> == 1 ? head_dim : (head_dim + 15) / 16 * 8;
}

// Elements of a row of K.
template <class T>
inline constexpr int kKeyStride = kPageTokens / kValuesOf<T>;

// Bytes of K's values, and of V's, without scales.
template <class T>
inline int64_t values_bytes(int head_dim) {
  return kPageTokens * v_stride<T>(head_dim) * int64_t{sizeof(T)};
}

// The 64 scales behind K's or V's values. K's rows need no filling up, but take the same space.
template <class T>
inline const float* scales_of(const T* page, int head_dim) {
  return reinterpret_cast<const float*>(page + kPageTokens * v_stride<T>(head_dim));
}

// Element and half of a column within a row of four-bit values.
inline int64_t nibble_element(int64_t column) {
  return column / 16 * 8 + column % 8;
}
inline int nibble_shift(int64_t column) {
  return column % 16 < 8 ? 0 : 4;
}

// A four-bit code is a sign (8) and one of these magnitudes: the levels of least mean squared error for a
// normal distribution with variance 1 (Lloyd, Max), which values come close to once their head is turned.
inline constexpr float kQ4Levels[16] = {0.1284f,  0.3881f,  0.6568f,  0.9424f,  1.2562f,  1.6181f,
                                        2.0690f,  2.7326f,  -0.1284f, -0.3881f, -0.6568f, -0.9424f,
                                        -1.2562f, -1.6181f, -2.0690f, -2.7326f};

}  // namespace compute::cpu
