#include "sampling/parameters.h"

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sampling {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Parameters, NamesTheParameterThatIsOutOfRange) {
  EXPECT_TRUE(validate({}));
  EXPECT_EQ(validate({.temperature = -0.5f}).error().message,
            "temperature is -0.5; it must lie between 0 and 100");
  EXPECT_EQ(validate({.temperature = std::nanf("")}).error().code, base::Code::invalid_argument);
  EXPECT_EQ(validate({.top_k = -1}).error().message, "top_k is -1; it must not be negative");
  EXPECT_EQ(validate({.top_p = 1.5f}).error().message, "top_p is 1.5; it must lie between 0 and 1");
  EXPECT_EQ(validate({.min_p = -1}).error().message, "min_p is -1; it must lie between 0 and 1");
}

TEST(Parameters, NamesTheFieldAndTheIdThatTheModelDoesNotKnow) {
  EXPECT_TRUE(validate({.logit_bias = {{9, -kInfinity}, {0, 3}}, .allowed_ids = {9}}, 10));
  EXPECT_EQ(validate({.logit_bias = {{10, 1}}}, 10).error().message,
            "logit_bias has token id 10, the model knows 0 to 9");
  EXPECT_EQ(validate({.allowed_ids = {3, -1}}, 10).error().message,
            "allowed_token_ids has token id -1, the model knows 0 to 9");
  EXPECT_EQ(validate({.banned_ids = {12}}, 10).error().message,
            "banned tokens has token id 12, the model knows 0 to 9");
  EXPECT_EQ(validate({.bad_words = {{1, 2}, {3, 100000}}}, 10).error().message,
            "bad_words has token id 100000, the model knows 0 to 9");
  EXPECT_EQ(validate({.dry = {.breakers = {{10}}}}, 10).error().message,
            "dry_sequence_breakers has token id 10, the model knows 0 to 9");
}

TEST(Parameters, RefusesWhatNoDefinitionCovers) {
  EXPECT_EQ(validate({.repetition_penalty = 0}).error().message,
            "repetition_penalty is 0; it must lie between 0.01 and 100");
  EXPECT_FALSE(validate({.presence_penalty = kInfinity}));
  EXPECT_FALSE(validate({.frequency_penalty = std::nanf("")}));
  EXPECT_EQ(validate({.penalty_last_n = -2}).error().message, "repeat_last_n is -2; it must be at least -1");
  EXPECT_FALSE(validate({.typical_p = 1.1f}));
  EXPECT_FALSE(validate({.top_n_sigma = -1}));
  EXPECT_FALSE(validate({.dynamic_range = -1}));
  EXPECT_FALSE(validate({.dry = {.base = 0.5f}}));
  EXPECT_FALSE(validate({.xtc = {.probability = 2}}));
  EXPECT_FALSE(validate({.mirostat = {.tau = -1}}));
  EXPECT_FALSE(validate({.logit_bias = {{0, kInfinity}}}));
  EXPECT_FALSE(validate({.bad_words = {{}}}));
  EXPECT_EQ(validate({.min_tokens = -1}).error().message, "min_tokens is -1; it must not be negative");
  EXPECT_FALSE(validate({.order = {Stage::top_k, Stage::top_p, Stage::top_k}}));
}

TEST(Parameters, KnowsStagesByNameAndLetter) {
  std::set<Stage> by_letter;
  for (const char letter : std::string("edskypmxt")) by_letter.insert(stage_of_letter(letter).value());
  EXPECT_EQ(by_letter, std::set<Stage>(kDefaultOrder.begin(), kDefaultOrder.end()));
  std::set<Stage> by_name;
  for (const char* name :
       {"penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"})
    by_name.insert(stage_named(name).value());
  EXPECT_EQ(by_name, std::set<Stage>(kLlamaCppOrder.begin(), kLlamaCppOrder.end()));
  EXPECT_EQ(stage_named("temp"), Stage::temperature);
  EXPECT_FALSE(stage_named("infill"));
  EXPECT_FALSE(stage_of_letter('i'));
}

}  // namespace
}  // namespace sampling
