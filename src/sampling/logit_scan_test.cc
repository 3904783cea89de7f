#include "sampling/logit_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "gtest/gtest.h"

namespace sampling {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_logits(int64_t n, uint32_t seed, bool coarse = false) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> logits(static_cast<size_t>(n));
  for (float& x : logits) x = coarse ? std::round(normal(random)) : normal(random);
  return logits;
}

std::vector<Candidate> sorted(std::span<const float> logits) {
  std::vector<Candidate> all;
  for (size_t i = 0; i < logits.size(); ++i) all.push_back({logits[i], static_cast<TokenId>(i)});
  std::ranges::sort(all, [](const Candidate& a, const Candidate& b) {
    return std::pair(-a.logit, a.id) < std::pair(-b.logit, b.id);
  });
  return all;
}

TEST(LogitScan, FindsTheLowestIdAmongTheLargest) {
  for (const int64_t n : {1, 2, 63, 64, 65, 127, 1000, 4099}) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
      const auto logits = random_logits(n, seed, /*coarse=*/true);
      const auto scan = LogitScan::over(logits);
      ASSERT_TRUE(scan);
      EXPECT_EQ(scan->argmax(), std::ranges::max_element(logits) - logits.begin()) << n << " " << seed;
    }
  }
}

TEST(LogitScan, GivesTheLargestInOrderWithLowerIdsFirst) {
  for (const bool coarse : {false, true})
    for (const int64_t n : {1, 64, 129, 5000})
      for (const int64_t k : {1, 2, 40, 64, 79, 5000}) {
        const auto logits = random_logits(n, static_cast<uint32_t>(n + k), coarse);
        const auto found = LogitScan::over(logits)->largest(k);
        const auto expected = sorted(logits);
        ASSERT_EQ(found.size(), static_cast<size_t>(std::min(n, k)));
        for (size_t i = 0; i < found.size(); ++i)
          ASSERT_EQ(found[i].id, expected[i].id) << n << " " << k << " " << i;
      }
}

TEST(LogitScan, RefusesWhatIsNotANumberWhereverItStands) {
  for (const size_t place : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{100}, size_t{199}})
    for (const float bad : {kNaN, -kNaN, kInfinity}) {
      auto logits = random_logits(200, 1);
      logits[place] = bad;
      const auto scan = LogitScan::over(logits);
      ASSERT_FALSE(scan);
      EXPECT_EQ(scan.error().code, base::Code::internal);
      EXPECT_NE(scan.error().message.find("token " + std::to_string(place) + " "), std::string::npos)
          << scan.error().message;
    }
}

TEST(LogitScan, TakesMinusInfinityUnlessThereIsNothingElse) {
  auto logits = std::vector<float>(100, -kInfinity);
  EXPECT_FALSE(LogitScan::over(logits));
  logits[70] = -5;
  const auto scan = LogitScan::over(logits);
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->argmax(), 70);
  EXPECT_NEAR(scan->log_sum_exp(), -5, 1e-12);
}

TEST(LogitScan, SumsExpsLikeDouble) {
  for (const int64_t n : {1, 63, 150001}) {
    const auto logits = random_logits(n, 3);
    const double expected = std::log(std::accumulate(logits.begin(), logits.end(), 0.0,
                                                     [](double sum, double x) { return sum + std::exp(x); }));
    EXPECT_NEAR(LogitScan::over(logits)->log_sum_exp(), expected, 2e-7);
  }
}

}  // namespace
}  // namespace sampling
