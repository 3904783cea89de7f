#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "tensor/block_layouts.h"
#include "tensor/float16.h"

namespace tensor {
namespace {

float reciprocal_or_zero(float value) {
  return value != 0 ? 1.0f / value : 0.0f;
}

// The element of largest magnitude with its sign, the first of equals.
float extreme(const float* x, int n) {
  float result = 0;
  for (int i = 0; i < n; ++i)
    if (std::fabs(x[i]) > std::fabs(result)) result = x[i];
  return result;
}

int clamped(float value, int low, int high) {
  return std::clamp(static_cast<int>(value), low, high);
}

void quantize_block(const float* x, BlockQ4_0& block) {
  // The extreme value takes code 0, so the wider side of the range -8..7 goes to it whatever its sign.
  const float d = extreme(x, 32) / -8;
  const float inverse = reciprocal_or_zero(d);
  block.d = f32_to_f16(d);
  auto code = [&](float value) { return clamped(value * inverse + 8.5f, 0, 15); };
  for (int j = 0; j < 16; ++j) block.qs[j] = static_cast<uint8_t>(code(x[j]) | code(x[j + 16]) << 4);
}

void quantize_block(const float* x, BlockQ4_1& block) {
  const auto [min, max] = std::minmax_element(x, x + 32);
  const float d = (*max - *min) / 15;
  const float inverse = reciprocal_or_zero(d);
  block.d = f32_to_f16(d);
  block.m = f32_to_f16(*min);
  auto code = [&, m = *min](float value) { return clamped((value - m) * inverse + 0.5f, 0, 15); };
  for (int j = 0; j < 16; ++j) block.qs[j] = static_cast<uint8_t>(code(x[j]) | code(x[j + 16]) << 4);
}

void quantize_block(const float* x, BlockQ5_0& block) {
  const float d = extreme(x, 32) / -16;
  const float inverse = reciprocal_or_zero(d);
  block.d = f32_to_f16(d);
  uint32_t qh = 0;
  auto code = [&](int j) {
    const int q = clamped(x[j] * inverse + 16.5f, 0, 31);
    qh |= static_cast<uint32_t>(q >> 4) << j;
    return q & 15;
  };
  for (int j = 0; j < 16; ++j) block.qs[j] = static_cast<uint8_t>(code(j) | code(j + 16) << 4);
  block.qh = qh;
}

void quantize_block(const float* x, BlockQ8_0& block) {
  const float d = std::fabs(extreme(x, 32)) / 127;
  const float inverse = reciprocal_or_zero(d);
  block.d = f32_to_f16(d);
  for (int j = 0; j < 32; ++j) block.qs[j] = static_cast<int8_t>(std::round(x[j] * inverse));
}

void pack_group_scales6(const uint8_t (&scale)[8], const uint8_t (&minimum)[8], uint8_t* packed) {
  for (int group = 0; group < 4; ++group) {
    packed[group] = static_cast<uint8_t>(scale[group] | (scale[group + 4] >> 4) << 6);
    packed[group + 4] = static_cast<uint8_t>(minimum[group] | (minimum[group + 4] >> 4) << 6);
    packed[group + 8] = static_cast<uint8_t>((scale[group + 4] & 15) | (minimum[group + 4] & 15) << 4);
  }
}

// The common part of Q4_K and Q5_K: scales and minima of the groups, then codes 0..largest_code of all
// elements.
template <class Block>
void quantize_groups(const float* x, int largest_code, Block& block, uint8_t (&codes)[256]) {
  float step[8], depth[8];  // a group spans [-depth, -depth + largest_code * step]
  for (int group = 0; group < 8; ++group) {
    const auto [min, max] = std::minmax_element(x + 32 * group, x + 32 * (group + 1));
    depth[group] = std::max(0.0f, -*min);
    step[group] = (std::max(*max, 0.0f) + depth[group]) / static_cast<float>(largest_code);
  }
  block.d = f32_to_f16(*std::max_element(step, step + 8) / 63);
  block.dmin = f32_to_f16(*std::max_element(depth, depth + 8) / 63);
  const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
  uint8_t scale[8], minimum[8];
  for (int group = 0; group < 8; ++group) {
    scale[group] = static_cast<uint8_t>(clamped(step[group] * reciprocal_or_zero(d) + 0.5f, 0, 63));
    minimum[group] = static_cast<uint8_t>(clamped(depth[group] * reciprocal_or_zero(dmin) + 0.5f, 0, 63));
    const float inverse = reciprocal_or_zero(d * scale[group]);
    for (int i = 32 * group; i < 32 * (group + 1); ++i)
      codes[i] =
          static_cast<uint8_t>(clamped((x[i] + dmin * minimum[group]) * inverse + 0.5f, 0, largest_code));
  }
  pack_group_scales6(scale, minimum, block.scales);
}

// Two groups of 32 share 32 bytes: the lower four bits of the even and of the odd one.
void pack_low_nibbles(const uint8_t (&codes)[256], uint8_t* qs) {
  for (int i = 0; i < 128; ++i) {
    const int even = i / 32 * 64 + i % 32;
    qs[i] = static_cast<uint8_t>((codes[even] & 15) | (codes[even + 32] & 15) << 4);
  }
}

void quantize_block(const float* x, BlockQ4_K& block) {
  uint8_t codes[256];
  quantize_groups(x, 15, block, codes);
  pack_low_nibbles(codes, block.qs);
}

void quantize_block(const float* x, BlockQ5_K& block) {
  uint8_t codes[256];
  quantize_groups(x, 31, block, codes);
  pack_low_nibbles(codes, block.qs);
  std::memset(block.qh, 0, sizeof block.qh);
  for (int i = 0; i < 256; ++i) block.qh[i % 32] |= static_cast<uint8_t>((codes[i] >> 4) << (i / 32));
}

void quantize_block(const float* x, BlockQ6_K& block) {
  float step[16];  // signed: the extreme element takes code -32
  for (int group = 0; group < 16; ++group) step[group] = extreme(x + 16 * group, 16) / -32;
  block.d = f32_to_f16(extreme(step, 16) / -128);
  const float inverse_d = reciprocal_or_zero(f16_to_f32(block.d));
  std::memset(block.ql, 0, sizeof block.ql);
  std::memset(block.qh, 0, sizeof block.qh);
  for (int i = 0; i < 256; ++i) {
    const int group = i / 16;
    const int scale = std::clamp(static_cast<int>(std::round(step[group] * inverse_d)), -128, 127);
    block.scales[group] = static_cast<int8_t>(scale);
    const float inverse = reciprocal_or_zero(f16_to_f32(block.d) * static_cast<float>(scale));
    const int q = std::clamp(static_cast<int>(std::round(x[i] * inverse)), -32, 31) + 32;
    const int half = i / 128, quarter = i % 128 / 32, l = i % 32;
    block.ql[64 * half + quarter % 2 * 32 + l] |= static_cast<uint8_t>((q & 15) << (quarter / 2 * 4));
    block.qh[32 * half + l] |= static_cast<uint8_t>((q >> 4) << (2 * quarter));
  }
}

// The code whose value is nearest, the first of equals.
int nearest_code(const int8_t (&values)[16], float x) {
  int best = 0;
  for (int code = 1; code < 16; ++code)
    if (std::fabs(static_cast<float>(values[code]) - x) < std::fabs(static_cast<float>(values[best]) - x))
      best = code;
  return best;
}

// Codes of 32 values, low halves first.
void nearest_codes(const float* x, const int8_t (&values)[16], float inverse, uint8_t* qs) {
  for (int j = 0; j < 16; ++j)
    qs[j] = static_cast<uint8_t>(nearest_code(values, x[j] * inverse) |
                                 nearest_code(values, x[j + 16] * inverse) << 4);
}

// A scale for IQ4 values such that the extreme element takes code 0. A group of (almost) zeros has none.
float iq4_step(const float* x) {
  const float top = extreme(x, 32);
  return std::fabs(top) < 1e-15f ? 0.0f : top / kIQ4Values[0];
}

void quantize_block(const float* x, BlockIQ4_NL& block) {
  const float step = iq4_step(x);
  nearest_codes(x, kIQ4Values, reciprocal_or_zero(step), block.qs);
  // With the codes chosen, the scale of least squared error, large elements weighing more.
  float product = 0, square = 0;
  for (int j = 0; j < 32; ++j) {
    const auto value = static_cast<float>(kIQ4Values[block.qs[j % 16] >> (j / 16 * 4) & 15]);
    product += x[j] * x[j] * value * x[j];
    square += x[j] * x[j] * value * value;
  }
  block.d = f32_to_f16(step == 0.0f || square == 0.0f ? 0.0f : product / square);
}

void quantize_block(const float* x, BlockIQ4_XS& block) {
  float step[8];
  for (int group = 0; group < 8; ++group) step[group] = iq4_step(x + 32 * group);
  block.d = f32_to_f16(extreme(step, 8) / -32);
  const float d = f16_to_f32(block.d), inverse_d = reciprocal_or_zero(d);
  block.scales_h = 0;
  std::memset(block.scales_l, 0, sizeof block.scales_l);
  for (int group = 0; group < 8; ++group) {
    const int scale = std::clamp(static_cast<int>(std::round(step[group] * inverse_d)), -32, 31);
    const int code = scale + 32;
    block.scales_l[group / 2] |= static_cast<uint8_t>((code & 15) << (group % 2 * 4));
    block.scales_h = static_cast<uint16_t>(block.scales_h | (code >> 4) << (2 * group));
    nearest_codes(x + 32 * group, kIQ4Values, reciprocal_or_zero(d * static_cast<float>(scale)),
                  block.qs + 16 * group);
  }
}

void quantize_block(const float* x, BlockMXFP4& block) {
  // The largest element lands in [4, 8) of which 6 is the last code.
  const float top = std::fabs(extreme(x, 32));
  block.e = static_cast<uint8_t>(top > 0 ? std::max(std::ilogb(top) - 2 + 127, 0) : 0);
  nearest_codes(x, kDoubledE2M1, 1.0f / half_of_e8m0(block.e), block.qs);
}

template <class Block>
void quantize_blocks(const float* from, int64_t n, std::byte* to) {
  for (int64_t i = 0; i < n; i += Block::kElements, from += Block::kElements, to += sizeof(Block)) {
    Block block;
    quantize_block(from, block);
    std::memcpy(to, &block, sizeof block);
  }
}

void copy_f32(const float* from, int64_t n, std::byte* to) {
  std::memcpy(to, from, n * sizeof(float));
}

template <uint16_t (*kFromFloat)(float)>
void narrow(const float* from, int64_t n, std::byte* to) {
  for (int64_t i = 0; i < n; ++i) {
    const uint16_t code = kFromFloat(from[i]);
    std::memcpy(to + 2 * i, &code, sizeof code);
  }
}

using RowFunction = void (*)(const float* from, int64_t n, std::byte* to);

RowFunction row_function(DType type) {
  switch (type) {
    case DType::F32:
      return copy_f32;
    case DType::F16:
      return narrow<f32_to_f16>;
    case DType::BF16:
      return narrow<f32_to_bf16>;
    case DType::Q4_0:
      return quantize_blocks<BlockQ4_0>;
    case DType::Q4_1:
      return quantize_blocks<BlockQ4_1>;
    case DType::Q5_0:
      return quantize_blocks<BlockQ5_0>;
    case DType::Q8_0:
      return quantize_blocks<BlockQ8_0>;
    case DType::Q4_K:
      return quantize_blocks<BlockQ4_K>;
    case DType::Q5_K:
      return quantize_blocks<BlockQ5_K>;
    case DType::Q6_K:
      return quantize_blocks<BlockQ6_K>;
    case DType::IQ4_NL:
      return quantize_blocks<BlockIQ4_NL>;
    case DType::IQ4_XS:
      return quantize_blocks<BlockIQ4_XS>;
    case DType::MXFP4:
      return quantize_blocks<BlockMXFP4>;
    default:
      return nullptr;
  }
}

}  // namespace

bool can_quantize(DType type) {
  return row_function(type) != nullptr;
}

void quantize_row(DType type, const float* from, int64_t n, std::byte* to) {
  const RowFunction convert = row_function(type);
  CHECK(convert != nullptr);
  DCHECK(n % info(type).block_elements == 0);
  convert(from, n, to);
}

}  // namespace tensor
