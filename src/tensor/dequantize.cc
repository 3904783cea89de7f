#include "tensor/dequantize.h"

#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "tensor/block_layouts.h"
#include "tensor/float16.h"

namespace tensor {
namespace {

void dequantize_block(const BlockQ4_0& block, float* y) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < 16; ++j) {
    y[j] = d * static_cast<float>((block.qs[j] & 15) - 8);
    y[j + 16] = d * static_cast<float>((block.qs[j] >> 4) - 8);
  }
}

void dequantize_block(const BlockQ4_1& block, float* y) {
  const float d = f16_to_f32(block.d);
  const float m = f16_to_f32(block.m);
  for (int j = 0; j < 16; ++j) {
    y[j] = d * static_cast<float>(block.qs[j] & 15) + m;
    y[j + 16] = d * static_cast<float>(block.qs[j] >> 4) + m;
  }
}

void dequantize_block(const BlockQ5_0& block, float* y) {
  const float d = f16_to_f32(block.d);
  const uint32_t qh = block.qh;
  for (int j = 0; j < 16; ++j) {
    const int low = (block.qs[j] & 15) | static_cast<int>(qh >> j & 1) << 4;
    const int high = block.qs[j] >> 4 | static_cast<int>(qh >> (j + 16) & 1) << 4;
    y[j] = d * static_cast<float>(low - 16);
    y[j + 16] = d * static_cast<float>(high - 16);
  }
}

void dequantize_block(const BlockQ8_0& block, float* y) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < 32; ++j) y[j] = d * static_cast<float>(block.qs[j]);
}

void dequantize_block(const BlockQ4_K& block, float* y) {
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  for (int group = 0; group < 8; ++group) {
    const GroupScales6 s = group_scales6(block.scales, group);
    const float scale = d * static_cast<float>(s.scale);
    const float minimum = dmin * static_cast<float>(s.minimum);
    const uint8_t* qs = block.qs + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int l = 0; l < 32; ++l)
      y[32 * group + l] = scale * static_cast<float>(qs[l] >> shift & 15) - minimum;
  }
}

void dequantize_block(const BlockQ5_K& block, float* y) {
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  for (int group = 0; group < 8; ++group) {
    const GroupScales6 s = group_scales6(block.scales, group);
    const float scale = d * static_cast<float>(s.scale);
    const float minimum = dmin * static_cast<float>(s.minimum);
    const uint8_t* qs = block.qs + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int l = 0; l < 32; ++l) {
      const int q = (qs[l] >> shift & 15) | (block.qh[l] >> group & 1) << 4;
      y[32 * group + l] = scale * static_cast<float>(q) - minimum;
    }
  }
}

void dequantize_block(const BlockQ6_K& block, float* y) {
  const float d = f16_to_f32(block.d);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, quarter = i % 128 / 32, group = i / 16, l = i % 32;
    const int low = block.ql[64 * half + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15;
    const int high = block.qh[32 * half + l] >> (2 * quarter) & 3;
    y[i] = d * static_cast<float>(block.scales[group]) * static_cast<float>((low | high << 4) - 32);
  }
}

// 32 codes, low halves first.
void dequantize_codes(const uint8_t* qs, const int8_t (&values)[16], float scale, float* y) {
  for (int j = 0; j < 16; ++j) {
    y[j] = scale * static_cast<float>(values[qs[j] & 15]);
    y[j + 16] = scale * static_cast<float>(values[qs[j] >> 4]);
  }
}

void dequantize_block(const BlockIQ4_NL& block, float* y) {
  dequantize_codes(block.qs, kIQ4Values, f16_to_f32(block.d), y);
}

void dequantize_block(const BlockIQ4_XS& block, float* y) {
  const float d = f16_to_f32(block.d);
  for (int group = 0; group < 8; ++group)
    dequantize_codes(block.qs + 16 * group, kIQ4Values, d * static_cast<float>(block.scale(group)),
                     y + 32 * group);
}

void dequantize_block(const BlockMXFP4& block, float* y) {
  dequantize_codes(block.qs, kDoubledE2M1, half_of_e8m0(block.e), y);
}

template <class Block>
void dequantize_blocks(const std::byte* from, int64_t n, float* to) {
  for (int64_t i = 0; i < n; i += Block::kElements, from += sizeof(Block), to += Block::kElements)
    dequantize_block(base::load_le<Block>(from), to);
}

void copy_f32(const std::byte* from, int64_t n, float* to) {
  std::memcpy(to, from, n * sizeof(float));
}

template <float (*kToFloat)(uint16_t)>
void widen(const std::byte* from, int64_t n, float* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = kToFloat(base::load_le<uint16_t>(from + 2 * i));
}

using RowFunction = void (*)(const std::byte* from, int64_t n, float* to);

RowFunction row_function(DType type) {
  switch (type) {
    case DType::F32:
      return copy_f32;
    case DType::F16:
      return widen<f16_to_f32>;
    case DType::BF16:
      return widen<bf16_to_f32>;
    case DType::Q4_0:
      return dequantize_blocks<BlockQ4_0>;
    case DType::Q4_1:
      return dequantize_blocks<BlockQ4_1>;
    case DType::Q5_0:
      return dequantize_blocks<BlockQ5_0>;
    case DType::Q8_0:
      return dequantize_blocks<BlockQ8_0>;
    case DType::Q4_K:
      return dequantize_blocks<BlockQ4_K>;
    case DType::Q5_K:
      return dequantize_blocks<BlockQ5_K>;
    case DType::Q6_K:
      return dequantize_blocks<BlockQ6_K>;
    case DType::IQ4_NL:
      return dequantize_blocks<BlockIQ4_NL>;
    case DType::IQ4_XS:
      return dequantize_blocks<BlockIQ4_XS>;
    case DType::MXFP4:
      return dequantize_blocks<BlockMXFP4>;
    default:
      return nullptr;
  }
}

}  // namespace

bool can_dequantize(DType type) {
  return row_function(type) != nullptr;
}

void dequantize_row(DType type, const std::byte* from, int64_t n, float* to) {
  const RowFunction convert = row_function(type);
  CHECK(convert != nullptr);
  DCHECK(n % info(type).block_elements == 0);
  convert(from, n, to);
}

}  // namespace tensor
