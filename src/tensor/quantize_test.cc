#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/strings.h"
#include "tensor/dequantize.h"
#include "tests/support/golden_tensors.h"

namespace tensor {
namespace {

std::vector<std::byte> quantized(DType type, const std::vector<float>& x) {
  std::vector<std::byte> bytes(row_bytes(type, x.size()));
  quantize_row(type, x.data(), static_cast<int64_t>(x.size()), bytes.data());
  return bytes;
}

std::vector<float> there_and_back(DType type, const std::vector<float>& x) {
  const auto bytes = quantized(type, x);
  std::vector<float> y(x.size());
  dequantize_row(type, bytes.data(), static_cast<int64_t>(y.size()), y.data());
  return y;
}

std::vector<float> random_normals(int n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& value : x) value = normal(random);
  return x;
}

double relative_rmse(const std::vector<float>& x, const std::vector<float>& y) {
  double error = 0, size = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    error += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
    size += double{x[i]} * x[i];
  }
  return std::sqrt(error / size);
}

TEST(Quantize, SimpleTypesGiveTheReferenceBytes) {
  const auto dir = GOLDEN_OR_SKIP("blocks");
  const tests::GoldenTensors golden(dir / "quantise.safetensors");
  const auto source = golden.values<float>("source");
  for (DType type : {DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q8_0, DType::MXFP4}) {
    const auto expected = golden.values<std::byte>(base::to_lower_ascii(name(type)));
    const auto bytes = quantized(type, source);
    ASSERT_EQ(bytes.size(), expected.size());
    const auto [ours, theirs] = std::ranges::mismatch(bytes, expected);
    EXPECT_TRUE(ours == bytes.end()) << name(type) << " differs first at byte " << ours - bytes.begin();
  }
}

TEST(Quantize, ErrorIsThatOfTheCodesWidth) {
  const auto x = random_normals(256 * 64, 1);
  struct Bound {
    DType type;
    double relative_rmse;
  };
  // A uniform code over [-3, 3] standard deviations has a step of 6 / 2^bits and an error of step / sqrt(12).
  for (auto [type, bound] : {Bound{DType::Q4_0, 0.11}, Bound{DType::Q4_1, 0.085}, Bound{DType::Q5_0, 0.055},
                             Bound{DType::Q8_0, 0.007}, Bound{DType::Q4_K, 0.09}, Bound{DType::Q5_K, 0.045},
                             Bound{DType::Q6_K, 0.025}, Bound{DType::IQ4_NL, 0.1}, Bound{DType::IQ4_XS, 0.1},
                             Bound{DType::MXFP4, 0.13}, Bound{DType::F16, 0.0003}, Bound{DType::BF16, 0.003}})
    EXPECT_LT(relative_rmse(x, there_and_back(type, x)), bound) << name(type);
}

TEST(Quantize, ZerosStayZeros) {
  const std::vector<float> zeros(256);
  for (DType type : {DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q8_0, DType::Q4_K, DType::Q5_K,
                     DType::Q6_K, DType::IQ4_NL, DType::IQ4_XS, DType::MXFP4})
    EXPECT_EQ(there_and_back(type, zeros), zeros) << name(type);
}

TEST(Quantize, OneSidedAndTinyValuesAreKeptWithinTheirRange) {
  std::vector<float> x(256);
  for (int i = 0; i < 256; ++i) x[i] = 0.5f + static_cast<float>(i) / 1024;
  for (DType type :
       {DType::Q4_1, DType::Q4_K, DType::Q5_K, DType::Q6_K, DType::Q8_0, DType::IQ4_NL, DType::IQ4_XS})
    EXPECT_LT(relative_rmse(x, there_and_back(type, x)), 0.04) << name(type);
  for (float& value : x) value *= -1e-30f;
  for (DType type : {DType::Q4_0, DType::Q4_1, DType::Q4_K, DType::Q6_K, DType::Q8_0, DType::IQ4_NL,
                     DType::IQ4_XS, DType::MXFP4})
    for (float value : there_and_back(type, x)) EXPECT_TRUE(std::fabs(value) < 1e-6f) << name(type);
}

}  // namespace
}  // namespace tensor
