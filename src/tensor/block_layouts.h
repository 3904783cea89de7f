#pragma once
// The bytes of each quantised block, exactly as GGUF files store them.
//
// Every layout is packed and has alignment 1, because a file may put a block at any address. `d`, `m` and
// `dmin` are F16 codes (tensor/float16.h). A block holds kElements consecutive elements of one row; blocks of
// a row follow each other without gaps. The number under a field is its first byte.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "tensor/dtype.h"

namespace tensor {

// Elements 0..15 are the low halves of qs[0..15], elements 16..31 the high halves (all formats of 32
// elements).
//
//   | d       | qs[16]           |     y = d * (q - 8)
//   0         2                  18
struct [[gnu::packed]] BlockQ4_0 {
  static constexpr DType kType = DType::Q4_0;
  static constexpr int kElements = 32;
  uint16_t d;
  uint8_t qs[16];
};

//   | d       | m       | qs[16]           |     y = d * q + m
//   0         2         4                  20
struct [[gnu::packed]] BlockQ4_1 {
  static constexpr DType kType = DType::Q4_1;
  static constexpr int kElements = 32;
  uint16_t d;
  uint16_t m;
  uint8_t qs[16];
};

//   | d       | qh (32 bits)      | qs[16]           |     y = d * ((4 bits of qs | bit of qh << 4) - 16)
//   0         2                   6                  22
// Bit j of qh is the fifth bit of element j.
struct [[gnu::packed]] BlockQ5_0 {
  static constexpr DType kType = DType::Q5_0;
  static constexpr int kElements = 32;
  uint16_t d;
  uint32_t qh;
  uint8_t qs[16];
};

//   | d       | qs[32]           |     y = d * q
//   0         2                  34
struct [[gnu::packed]] BlockQ8_0 {
  static constexpr DType kType = DType::Q8_0;
  static constexpr int kElements = 32;
  uint16_t d;
  int8_t qs[32];
};

// The 256 elements are eight groups of 32, each with a scale S and a minimum M of 6 bits, packed into 12
// bytes:
//
//   byte      0..3             4..7             8..11
//   bits 0-5  S of group 0..3  M of group 0..3  bits 0-3: low half of S of group 4..7
//                                               bits 4-7: low half of M of group 4..7
//   bits 6-7  top of S of 4..7 top of M of 4..7
struct GroupScales6 {
  uint8_t scale;
  uint8_t minimum;
};
inline GroupScales6 group_scales6(const uint8_t* packed, int group) {
  if (group < 4)
    return {static_cast<uint8_t>(packed[group] & 63), static_cast<uint8_t>(packed[group + 4] & 63)};
  const uint8_t low = packed[group + 4];
  return {static_cast<uint8_t>((low & 15) | (packed[group - 4] >> 6) << 4),
          static_cast<uint8_t>((low >> 4) | (packed[group] >> 6) << 4)};
}

//   | d       | dmin    | scales[12]   | qs[128]           |     y = d * S * q - dmin * M
//   0         2         4              16                  144
// qs[32 g .. 32 g + 31]: low halves are group 2 g, high halves group 2 g + 1.
struct [[gnu::packed]] BlockQ4_K {
  static constexpr DType kType = DType::Q4_K;
  static constexpr int kElements = 256;
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qs[128];
};

//   | d       | dmin    | scales[12]   | qh[32]        | qs[128]           |     y = d * S * q - dmin * M
//   0         2         4              16              48                  176
// qs as in Q4_K; bit k of qh[l] is the fifth bit of element l of group k.
struct [[gnu::packed]] BlockQ5_K {
  static constexpr DType kType = DType::Q5_K;
  static constexpr int kElements = 256;
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
};

//   | ql[128]           | qh[64]         | scales[16]   | d       |     y = d * scale * (q - 32)
//   0                   128              192            208       210
// Two halves of 128 elements; each has 64 bytes of ql, 32 of qh and eight signed scales, one per 16 elements:
//
//   elements    low 4 bits            upper 2 bits
//    0..31      low  of ql[0..31]     bits 0-1 of qh[0..31]
//   32..63      low  of ql[32..63]    bits 2-3
//   64..95      high of ql[0..31]     bits 4-5
//   96..127     high of ql[32..63]    bits 6-7
struct [[gnu::packed]] BlockQ6_K {
  static constexpr DType kType = DType::Q6_K;
  static constexpr int kElements = 256;
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  uint16_t d;
};

// What the 4-bit codes of IQ4_NL and IQ4_XS stand for: finer steps near zero.
inline constexpr int8_t kIQ4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};

//   | d       | qs[16]           |     y = d * kIQ4Values[q]
//   0         2                  18
struct [[gnu::packed]] BlockIQ4_NL {
  static constexpr DType kType = DType::IQ4_NL;
  static constexpr int kElements = 32;
  uint16_t d;
  uint8_t qs[16];
};

//   | d       | scales_h | scales_l[4] | qs[128]           |     y = d * (S - 32) * kIQ4Values[q]
//   0         2          4             8                   136
// Eight groups of 32, each with 16 bytes of qs, halves as in IQ4_NL. S of group g has 6 bits: the low or (g
// odd) the high half of scales_l[g / 2], below bits 2 g and 2 g + 1 of scales_h.
struct [[gnu::packed]] BlockIQ4_XS {
  static constexpr DType kType = DType::IQ4_XS;
  static constexpr int kElements = 256;
  uint16_t d;
  uint16_t scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];

  int scale(int group) const {
    const int low = scales_l[group / 2] >> (4 * (group % 2)) & 15;
    return (low | (scales_h >> (2 * group) & 3) << 4) - 32;
  }
};

// Twice the value of each E2M1 code, an integer. Code 8, minus zero, is zero.
inline constexpr int8_t kDoubledE2M1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// Half the value of an E8M0 code, 2^(code - 128): exact, codes 0 and 1 being subnormal. 255 is NaN.
inline float half_of_e8m0(uint8_t code) {
  if (code == 255) return std::numeric_limits<float>::quiet_NaN();
  return std::bit_cast<float>(code < 2 ? uint32_t{0x00200000} << code : (uint32_t{code} - 1) << 23);
}

//   | e | qs[16]           |     y = 2^(e - 127) * E2M1 value of q
//   0   1                  17
struct [[gnu::packed]] BlockMXFP4 {
  static constexpr DType kType = DType::MXFP4;
  static constexpr int kElements = 32;
  uint8_t e;
  uint8_t qs[16];
};

static_assert(sizeof(BlockIQ4_NL) == 18 && sizeof(BlockIQ4_XS) == 136 && sizeof(BlockMXFP4) == 17);
static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20 && sizeof(BlockQ5_0) == 22);
static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ4_K) == 144 && sizeof(BlockQ5_K) == 176);
static_assert(sizeof(BlockQ6_K) == 210 && alignof(BlockQ6_K) == 1 && alignof(BlockQ5_0) == 1);

}  // namespace tensor
