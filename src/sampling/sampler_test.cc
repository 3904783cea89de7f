#include "sampling/sampler.h"

#include "gtest/gtest.h"

namespace sampling {
namespace {
TEST(Sampler, IsGreedyAtTemperatureZero) {
  const std::vector<float> logits = {1, 3, 3, 2};
  EXPECT_EQ(Sampler({.temperature = 0}).sample(logits, 0, -1)->id, 1);
}
}  // namespace
}  // namespace sampling
