#include "sampling/fast_exp.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace sampling {
namespace {

TEST(FastExp, IsWithinTwoTenMillionthsOfTheTrueValue) {
  for (float d = 0; d < 87; d += 0.00037f) {
    const double expected = std::exp(-static_cast<double>(d));
    ASSERT_NEAR(exp_of_minus(d) / expected, 1.0, 2e-7) << "d = " << d;
  }
}

TEST(FastExp, IsOneAtZeroAndZeroFarOut) {
  EXPECT_EQ(exp_of_minus(0.0f), 1.0f);
  EXPECT_EQ(exp_of_minus(87.0f), 0.0f);
  EXPECT_EQ(exp_of_minus(1e30f), 0.0f);
  EXPECT_EQ(exp_of_minus(std::numeric_limits<float>::infinity()), 0.0f);
}

}  // namespace
}  // namespace sampling
