#include "serving/sampling_choices.h"

#include <gtest/gtest.h>

namespace serving {
namespace {

TEST(SamplingChoices, TakeWhatWasAskedForThenTheModelsThenNone) {
  const SamplingChoices asked{.temperature = 0.5, .repetition_penalty = 1.0};
  const SamplingChoices models{
      .temperature = 0.1, .top_k = 7, .repetition_penalty = 1.5, .order = {sampling::Stage::top_k}};
  const sampling::Parameters p = sampling_parameters(asked, models).value();
  EXPECT_EQ(p.temperature, 0.5f);
  EXPECT_EQ(p.repetition_penalty, 1.0f);
  EXPECT_EQ(p.top_k, 7);
  EXPECT_EQ(p.top_p, 1.0f);
  EXPECT_EQ(p.penalty_last_n, -1);
  EXPECT_EQ(p.order, models.order);
}

TEST(SamplingChoices, KnowTheOffsOfOthers) {
  const sampling::Parameters p = sampling_parameters({.top_k = -1, .top_n_sigma = -1}, {}).value();
  EXPECT_EQ(p.top_k, 0);
  EXPECT_EQ(p.top_n_sigma, 0);
  EXPECT_TRUE(sampling::validate(p));
}

TEST(SamplingChoices, RefuseTheFirstMirostat) {
  EXPECT_FALSE(sampling_parameters({.mirostat = 0}, {.mirostat = 2})->mirostat.on);
  EXPECT_TRUE(sampling_parameters({}, {.mirostat = 2})->mirostat.on);
  const auto first = sampling_parameters({.mirostat = 1}, {});
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message, "mirostat is 1; it may be 0, which is off, or 2");
}

}  // namespace
}  // namespace serving
