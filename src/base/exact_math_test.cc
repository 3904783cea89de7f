#include "base/exact_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace base {
namespace {

// Error of `got` in units of its last place.
double ulps(double got, long double want) {
  if (static_cast<long double>(got) == want) return 0.0;
  const double nearest = static_cast<double>(want);
  const double unit =
      std::nextafter(std::fabs(nearest), std::numeric_limits<double>::infinity()) - std::fabs(nearest);
  return static_cast<double>(fabsl(static_cast<long double>(got) - want) / unit);
}

template <class Ours, class Reference>
double worst(double low, double high, Ours ours, Reference reference) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> pick(low, high);
  double worst_ulps = 0.0;
  for (int i = 0; i < 100000; ++i) {
    const double x = pick(random);
    worst_ulps = std::max(worst_ulps, ulps(ours(x), reference(static_cast<long double>(x))));
  }
  return worst_ulps;
}

TEST(ExactMath, ExpIsWithinOneUlp) {
  EXPECT_LT(worst(-1.0, 1.0, exact_exp, expl), 1.0);
  EXPECT_LT(worst(-708.0, 709.7, exact_exp, expl), 1.0);
  EXPECT_LT(worst(-745.0, -708.0, exact_exp, expl), 1.01);  // subnormal: a second rounding
}

TEST(ExactMath, LogIsWithinOneUlp) {
  EXPECT_LT(worst(0.5, 2.0, exact_log, logl), 1.0);
  EXPECT_LT(worst(1e-300, 1e300, exact_log, logl), 1.0);
  EXPECT_LT(worst(0.999, 1.001, exact_log, logl), 1.0);
  EXPECT_LT(worst(4.9e-324, 1e-308, exact_log, logl), 1.0);
}

TEST(ExactMath, SinAndCosAreWithinOneUlpUpToSixteenMillion) {
  for (const double limit : {0.8, 10.0, 4096.0, 1048576.0, 16777216.0}) {
    EXPECT_LT(worst(-limit, limit, exact_sin, sinl), 1.0) << limit;
    EXPECT_LT(worst(-limit, limit, exact_cos, cosl), 1.0) << limit;
  }
}

TEST(ExactMath, SinStaysAccurateNearItsZeros) {
  for (int k = 1; k < 5000000; k += 997) {
    const double x = k * 3.14159265358979323846;  // sin is about k * 1e-16 here
    EXPECT_LT(ulps(exact_sin(x), sinl(x)), 1.5) << x;
  }
}

TEST(ExactMath, PowOfRopeBasesIsWithinOneUlp) {
  for (const double base : {1e4, 5e5, 1e6, 1e7, 0.5, 1.5}) {
    const auto ours = [&](double y) { return exact_pow(base, y); };
    const auto reference = [&](long double y) { return powl(base, y); };
    EXPECT_LT(worst(-1.0, 1.0, ours, reference), 1.0) << base;
    EXPECT_LT(worst(-20.0, 20.0, ours, reference), 1.0) << base;
  }
}

TEST(ExactMath, EndsOfTheRangesAreAsPromised) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(exact_exp(0.0), 1.0);
  EXPECT_EQ(exact_exp(-kInfinity), 0.0);
  EXPECT_EQ(exact_exp(kInfinity), kInfinity);
  EXPECT_EQ(exact_exp(1e308), kInfinity);
  EXPECT_EQ(exact_exp(-746.0), 0.0);
  EXPECT_TRUE(std::isnan(exact_exp(NAN)));
  EXPECT_EQ(exact_log(1.0), 0.0);
  EXPECT_EQ(exact_log(0.0), -kInfinity);
  EXPECT_EQ(exact_log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(exact_log(-1.0)));
  EXPECT_TRUE(std::isnan(exact_log(NAN)));
  EXPECT_EQ(exact_pow(2.0, 10.0), 1024.0);
  EXPECT_EQ(exact_pow(2.0, 5000.0), kInfinity);
  EXPECT_EQ(exact_pow(2.0, -5000.0), 0.0);
  EXPECT_EQ(exact_sin(0.0), 0.0);
  EXPECT_EQ(exact_cos(0.0), 1.0);
  EXPECT_TRUE(std::isnan(exact_cos(kInfinity)));
  EXPECT_TRUE(std::isnan(exact_sin(NAN)));
  EXPECT_TRUE(std::isnan(exact_sin(1e300)));
}

// The point of having them: one value of each that every build on every machine must give.
TEST(ExactMath, BitsAreTheSameEverywhere) {
  double sum = 0.0;
  for (int i = 1; i <= 1000; ++i) {
    sum += exact_sin(i * 0.37) + exact_cos(i * 1.1) * exact_exp(-i * 0.01) + exact_log(i) + exact_pow(i, 0.3);
  }
  EXPECT_EQ(sum, 0x1.77cecbb2ca854p+13);
}

}  // namespace
}  // namespace base
