#include "engine/step_costs.h"

#include "gtest/gtest.h"

namespace engine {
namespace {

TEST(StepCosts, PresumesThatMoreRowsCostMoreAndLessThanTheirNumber) {
  const StepCosts costs(16);
  for (int64_t rows = 2; rows <= 16; ++rows) {
    EXPECT_GT(costs.seconds(rows), costs.seconds(rows - 1));
    EXPECT_LT(costs.seconds(rows), static_cast<double>(rows) * costs.seconds(1));
  }
}

TEST(StepCosts, TellsWhatWasMeasuredAndDrawsLinesBetweenAndBeyond) {
  StepCosts costs(16);
  for (int i = 0; i < 2; ++i) costs.learn(2, 0.010);
  for (int i = 0; i < 2; ++i) costs.learn(6, 0.018);
  EXPECT_DOUBLE_EQ(costs.seconds(2), 0.010);
  EXPECT_DOUBLE_EQ(costs.seconds(6), 0.018);
  EXPECT_DOUBLE_EQ(costs.seconds(4), 0.014);
  EXPECT_DOUBLE_EQ(costs.seconds(10), 0.026);
  EXPECT_GT(costs.seconds(1), 0.008);
  EXPECT_LT(costs.seconds(1), 0.010);
}

TEST(StepCosts, DoesNotBelieveThatFurtherRowsCostNothingOrAsMuchAsTheFirst) {
  StepCosts cheap(16), dear(16);
  for (int i = 0; i < 2; ++i) {
    cheap.learn(1, 0.010), cheap.learn(2, 0.010);
    dear.learn(1, 0.010), dear.learn(2, 0.020);
  }
  EXPECT_GT(cheap.seconds(3), cheap.seconds(2));
  EXPECT_LT(dear.seconds(3), 0.025);
}

TEST(StepCosts, FollowsAMachineThatChangesAndForgivesOneSlowStep) {
  StepCosts costs(4);
  for (int i = 0; i < 10; ++i) costs.learn(1, 0.010);
  costs.learn(1, 1.0);
  EXPECT_LT(costs.seconds(1), 0.011);
  for (int i = 0; i < 60; ++i) costs.learn(1, 0.020);
  EXPECT_NEAR(costs.seconds(1), 0.020, 0.0005);
}

TEST(StepCosts, MeasuresASizeTwiceBeforeItCounts) {
  StepCosts costs(16);
  for (int i = 0; i < 2; ++i) costs.learn(1, 0.010);
  const double expected = costs.seconds(8);
  costs.learn(8, 0.050);
  EXPECT_DOUBLE_EQ(costs.seconds(8), expected);
  costs.learn(8, 0.016);
  EXPECT_DOUBLE_EQ(costs.seconds(8), 0.016);
}

TEST(StepCosts, AsksAgainTheSoonerTheLessOftenItMeasured) {
  for (const auto& [n_samples, n_trusted] : {std::pair{2, 64}, std::pair{4, 256}, std::pair{20, 2048}}) {
    StepCosts costs(4);
    for (int i = 0; i < n_samples; ++i) costs.learn(4, 1.0);
    for (int i = 0; i < n_trusted; ++i) costs.learn(1, 0.010);
    EXPECT_DOUBLE_EQ(costs.seconds(4), 1.0);
    costs.learn(1, 0.010);
    EXPECT_FALSE(costs.is_known(4));
    EXPECT_LT(costs.seconds(4), 0.03);
    for (int i = 0; i < 2; ++i) costs.learn(4, 0.015);
    EXPECT_DOUBLE_EQ(costs.seconds(4), 0.015);
  }
}

}  // namespace
}  // namespace engine
