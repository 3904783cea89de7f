#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "compute/cpu/kernels/exp.h"
#include "compute/cpu/kernels/kernel_testing.h"

namespace compute::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Exp, IsWithinTwoUnitsInTheLastPlace) {
  double worst = 0.0;
  for (float x = kExpLow; x <= kExpHigh; x += 0.00037f) {
    const double want = std::exp(static_cast<double>(x));
    const float nearest = static_cast<float>(want);
    const double unit = static_cast<double>(nearest) - std::nextafter(nearest, 0.0f);
    worst = std::max(worst, std::fabs(exp_f32(x) - want) / unit);
  }
  EXPECT_LT(worst, 2.0);
}

TEST(Exp, EndsOfItsRangeAreAsPromised) {
  EXPECT_EQ(exp_f32(0.0f), 1.0f);
  EXPECT_EQ(exp_f32(-88.0f), 0.0f);
  EXPECT_EQ(exp_f32(-kInfinity), 0.0f);
  EXPECT_GT(exp_f32(kExpLow), 0.0f);
  EXPECT_LT(exp_f32(kExpHigh), kInfinity);
  EXPECT_EQ(exp_f32(std::nextafter(kExpHigh, kInfinity)), kInfinity);
  EXPECT_EQ(exp_f32(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(exp_f32(NAN)));
  EXPECT_TRUE(
      std::isnan(exp_f32(std::bit_cast<float>(0x7FFFFFFFu))));  // a payload that the shift could swallow
  EXPECT_TRUE(std::isnan(exp_f32(std::bit_cast<float>(0xFF800001u))));
}

class VectorKernels : public ::testing::TestWithParam<int> {};

std::vector<float> input(int64_t n, float spread, uint32_t seed, int kind) {
  std::vector<float> values = random_floats(n, spread, seed);
  if (kind > 0) strew_extremes(values, seed, /*with_non_finite=*/kind > 1);
  return values;
}

TEST_P(VectorKernels, RmsNormHasTheScalarBits) {
  const int n = GetParam();
  for (int kind = 0; kind < 3; ++kind) {
    const std::vector<float> x = input(n, kind == 1 ? 1e-18f : 3.0f, n, kind);
    const std::vector<float> weight = random_floats(n, 1.0f, n + 1);
    std::vector<float> want(n), got(n);
    scalar_kernels().rms_norm(x.data(), weight.data(), n, 1e-6f, want.data());
    for (const KernelTable* table : fast_tables()) {
      table->rms_norm(x.data(), weight.data(), n, 1e-6f, got.data());
      EXPECT_TRUE(same_bits(want, got)) << table->name << " kind " << kind;
      got = x;
      table->rms_norm(got.data(), weight.data(), n, 1e-6f, got.data());
      EXPECT_TRUE(same_bits(want, got)) << table->name << " in place";
    }
  }
}

TEST_P(VectorKernels, RopeHasTheScalarBits) {
  const int n_pairs = GetParam();
  const std::vector<float> cosines = random_floats(n_pairs, 0.7f, 1);
  const std::vector<float> sines = random_floats(n_pairs, 0.7f, 2);
  for (int kind = 0; kind < 3; ++kind) {
    for (const bool interleaved : {false, true}) {
      const std::vector<float> head = input(2 * n_pairs, 2.0f, 3, kind);
      std::vector<float> want = head;
      scalar_kernels().rope(want.data(), n_pairs, interleaved, cosines.data(), sines.data());
      for (const KernelTable* table : fast_tables()) {
        std::vector<float> got = head;
        table->rope(got.data(), n_pairs, interleaved, cosines.data(), sines.data());
        EXPECT_TRUE(same_bits(want, got)) << table->name << " interleaved " << interleaved;
      }
    }
  }
}

TEST_P(VectorKernels, SiluMultiplyHasTheScalarBits) {
  const int n = GetParam();
  for (int kind = 0; kind < 3; ++kind) {
    const std::vector<float> gate = input(n, 30.0f, n, kind);
    const std::vector<float> up = input(n, 2.0f, n + 1, kind);
    std::vector<float> want(n), got(n);
    scalar_kernels().silu_multiply(gate.data(), up.data(), n, want.data());
    for (const KernelTable* table : fast_tables()) {
      table->silu_multiply(gate.data(), up.data(), n, got.data());
      EXPECT_TRUE(same_bits(want, got)) << table->name << " kind " << kind;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OddSizes, VectorKernels,
                         ::testing::Values(1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 40, 64, 80, 128,
                                           199, 576));

TEST(RmsNorm, AgreesWithDouble) {
  for (const int n : {4, 64, 576, 4096}) {
    const std::vector<float> x = random_floats(n, 2.0f, n);
    const std::vector<float> weight = random_floats(n, 1.0f, n + 1);
    std::vector<float> out(n);
    scalar_kernels().rms_norm(x.data(), weight.data(), n, 1e-6f, out.data());
    double sum = 0.0;
    for (const float v : x) sum += static_cast<double>(v) * v;
    const double scale = 1.0 / std::sqrt(sum / n + 1e-6);
    // n/16 + 4 roundings of positive terms, halved by the root, and six more operations.
    const double tolerance = (0.5 * (n / 16.0 + 4) + 6) * 0x1p-24;
    for (int i = 0; i < n; ++i) {
      const double want = x[i] * scale * weight[i];
      ASSERT_NEAR(out[i], want, std::fabs(want) * tolerance) << i;
    }
  }
}

TEST(Rope, RotatesByTheAngle) {
  float halves[4] = {1.0f, 2.0f, 3.0f, 4.0f};  // pairs (1, 3) and (2, 4)
  const float cosines[2] = {0.0f, 1.0f};
  const float sines[2] = {1.0f, 0.0f};
  scalar_kernels().rope(halves, 2, /*interleaved=*/false, cosines, sines);
  EXPECT_TRUE(same_bits(halves, std::vector<float>{-3.0f, 2.0f, 1.0f, 4.0f}));
  float interleaved[4] = {1.0f, 2.0f, 3.0f, 4.0f};  // pairs (1, 2) and (3, 4)
  scalar_kernels().rope(interleaved, 2, /*interleaved=*/true, cosines, sines);
  EXPECT_TRUE(same_bits(interleaved, std::vector<float>{-2.0f, 1.0f, 3.0f, 4.0f}));
}

TEST(SiluMultiply, AgreesWithDouble) {
  for (float g = -90.0f; g < 90.0f; g += 0.13f) {
    const float up = 1.7f;
    float out;
    scalar_kernels().silu_multiply(&g, &up, 1, &out);
    const double want = g / (1.0 + std::exp(-static_cast<double>(g))) * up;
    EXPECT_NEAR(out, want, std::fabs(want) * 8 * 0x1p-24 + 1e-36) << g;  // below -88 exp's infinity gives -0
  }
}

}  // namespace
}  // namespace compute::cpu
