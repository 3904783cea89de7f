#include "tensor/dequantize.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/strings.h"
#include "tensor/block_layouts.h"
#include "tests/support/golden_tensors.h"

namespace tensor {
namespace {

constexpr DType kTypes[] = {DType::F16,  DType::BF16, DType::Q4_0, DType::Q4_1,   DType::Q5_0,  DType::Q8_0,
                            DType::Q4_K, DType::Q5_K, DType::Q6_K, DType::IQ4_NL, DType::IQ4_XS};
constexpr uint16_t kOne = 0x3C00;  // 1.0 as F16
constexpr uint16_t kHalf = 0x3800;

bool same_value(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (a == 0 && b == 0);
}

template <class Block>
std::array<float, Block::kElements> dequantized(const Block& block) {
  std::array<float, Block::kElements> y;
  dequantize_row(Block::kType, reinterpret_cast<const std::byte*>(&block), Block::kElements, y.data());
  return y;
}

// Compares the golden blocks `blocks` of a type with their `values`.
void expect_equal(const tests::GoldenTensors& golden, DType type, const std::string& blocks,
                  const std::string& values) {
  const auto bytes = golden.values<std::byte>(blocks);
  const auto expected = golden.values<float>(values);
  ASSERT_EQ(row_bytes(type, expected.size()), bytes.size());
  std::vector<float> y(expected.size());
  dequantize_row(type, bytes.data(), static_cast<int64_t>(y.size()), y.data());
  for (size_t i = 0; i < y.size(); ++i)
    ASSERT_TRUE(same_value(y[i], expected[i]))
        << name(type) << " " << values << " element " << i << ": " << y[i] << ", expected " << expected[i];
}

TEST(Dequantize, EveryTypeEqualsTheReferenceBitForBit) {
  const auto dir = GOLDEN_OR_SKIP("blocks");
  for (DType type : kTypes) {
    const tests::GoldenTensors golden(dir / (base::to_lower_ascii(name(type)) + ".safetensors"));
    expect_equal(golden, type, "blocks", "values");
    if (golden.has("odd_blocks")) expect_equal(golden, type, "odd_blocks", "odd_values");
  }
}

// Like the others, but for scale 255: NaN in the format's standard and here, 2^128 in the reference's
// arithmetic.
TEST(Dequantize, MXFP4EqualsTheReferenceBitForBitWhereItsScaleIsANumber) {
  const auto dir = GOLDEN_OR_SKIP("blocks");
  const tests::GoldenTensors golden(dir / "mxfp4.safetensors");
  expect_equal(golden, DType::MXFP4, "blocks", "values");
  const auto odd = golden.values<std::byte>("odd_blocks");
  const auto values = golden.values<float>("odd_values");
  for (size_t i = 0; i < odd.size() / sizeof(BlockMXFP4); ++i) {
    std::array<float, 32> y;
    dequantize_row(DType::MXFP4, &odd[i * sizeof(BlockMXFP4)], 32, y.data());
    for (int j = 0; j < 32; ++j) {
      if (odd[i * sizeof(BlockMXFP4)] == std::byte{255}) {
        EXPECT_TRUE(std::isnan(y[j]));
      } else {
        EXPECT_TRUE(same_value(y[j], values[i * 32 + j])) << "odd block " << i << " element " << j;
      }
    }
  }
}

TEST(Dequantize, ScalesOfMXFP4AreExactDownToTheSubnormals) {
  for (int e = 0; e < 255; ++e) {
    BlockMXFP4 block{.e = static_cast<uint8_t>(e), .qs = {}};
    block.qs[0] = 0x91;  // 0.5 and -0.5
    block.qs[1] = 0x86;  // 4 and minus zero
    const auto y = dequantized(block);
    EXPECT_EQ(y[0], std::ldexp(0.5, e - 127));
    EXPECT_EQ(y[16], std::ldexp(-0.5, e - 127));
    EXPECT_EQ(y[1], static_cast<float>(std::ldexp(4.0, e - 127)));
    EXPECT_FALSE(std::signbit(y[17]));
  }
}

TEST(Dequantize, GroupsOfIQ4_XSHaveSignedScalesOfSixBits) {
  BlockIQ4_XS block{.d = kOne, .scales_h = 0, .scales_l = {}, .qs = {}};
  block.scales_l[2] = 0x5A;       // low halves of S of groups 4 and 5
  block.scales_h = 3 << (2 * 5);  // upper bits of group 5
  for (uint8_t& q : block.qs) q = 0xF8;
  const auto y = dequantized(block);
  EXPECT_EQ(y[4 * 32], 10 - 32);
  EXPECT_EQ(y[5 * 32], 5 + 48 - 32);
  EXPECT_EQ(y[5 * 32 + 16], (5 + 48 - 32) * 113.0f);
  EXPECT_EQ(y[0], -32);
}

TEST(Dequantize, LowNibblesComeFirst) {
  BlockQ4_0 block{.d = kHalf, .qs = {}};
  block.qs[0] = 0xF1;
  block.qs[15] = 0x28;
  const auto y = dequantized(block);
  EXPECT_EQ(y[0], -3.5f);
  EXPECT_EQ(y[16], 3.5f);
  EXPECT_EQ(y[15], 0.0f);
  EXPECT_EQ(y[31], -3.0f);
}

TEST(Dequantize, FifthBitOfQ5_0FollowsTheElement) {
  BlockQ5_0 block{.d = kOne, .qh = 1u << 3 | 1u << 20, .qs = {}};
  const auto y = dequantized(block);
  EXPECT_EQ(y[3], 0.0f);
  EXPECT_EQ(y[20], 0.0f);
  EXPECT_EQ(y[4], -16.0f);
}

TEST(Dequantize, GroupsOfQ4_KHaveTheirOwnScaleAndMinimum) {
  BlockQ4_K block{.d = kOne, .dmin = kHalf, .scales = {}, .qs = {}};
  block.scales[1] = 5 | 0x40;  // S of group 1 = 5; top bits of S of group 5 = 1
  block.scales[5] = 3 | 0x80;  // M of group 1 = 3; top bits of M of group 5 = 2
  block.scales[9] = 0x2A;      // S of group 5: low 10; M of group 5: low 2
  for (uint8_t& q : block.qs) q = 0x71;
  const auto y = dequantized(block);
  EXPECT_EQ(y[0], 0.0f);                              // group 0: scale 0
  EXPECT_EQ(y[32], 5.0f * 7 - 0.5f * 3);              // group 1: high nibbles
  EXPECT_EQ(y[5 * 32], 26.0f * 7 - 0.5f * (2 + 32));  // group 5: S = 10 + 16, M = 2 + 32
}

TEST(Dequantize, SixthAndFifthBitsOfQ6_KComeFromQh) {
  BlockQ6_K block{};
  block.d = kOne;
  for (int8_t& scale : block.scales) scale = -2;
  block.ql[32] = 0x0F;  // element 32
  block.qh[0] = 0x0C;   // elements 32: 3
  const auto y = dequantized(block);
  EXPECT_EQ(y[32], -2.0f * (63 - 32));
  EXPECT_EQ(y[0], -2.0f * -32);
}

TEST(Dequantize, ReadsFromAnyAddress) {
  const BlockQ8_0 block{.d = kOne, .qs = {1, -2, 127, -128}};
  std::array<std::byte, sizeof(BlockQ8_0) + 1> shifted;
  std::memcpy(shifted.data() + 1, &block, sizeof block);
  float y[32];
  dequantize_row(DType::Q8_0, shifted.data() + 1, 32, y);
  EXPECT_EQ(y[0], 1.0f);
  EXPECT_EQ(y[3], -128.0f);
}

TEST(Dequantize, SaysWhatItKnows) {
  EXPECT_TRUE(can_dequantize(DType::F32));
  EXPECT_TRUE(can_dequantize(DType::Q6_K));
  EXPECT_FALSE(can_dequantize(DType::IQ1_S));
  EXPECT_FALSE(can_dequantize(DType::I32));
}

}  // namespace
}  // namespace tensor
