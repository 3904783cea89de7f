#include "sampling/adjust.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace sampling {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
using Logits = std::vector<float>;
using Tokens = std::vector<TokenId>;

TEST(Bans, LeaveWhatMayCome) {
  Logits logits = {1, 2, 3, 4, 5};
  const Tokens tokens = {0, 4, 4};
  apply_bans({.logit_bias = {{0, 10}, {99, 1}}, .allowed_ids = {0, 1, 3}, .banned_ids = {1, -1, 1000}},
             {tokens, 1}, logits);
  EXPECT_EQ(logits, (Logits{11, kNever, kNever, 4, kNever}));
}

TEST(Bans, NoEndBeforeTheLeastLength) {
  const Parameters p{.min_tokens = 2, .end_ids = {1}};
  const Tokens tokens = {0, 0, 0, 0};
  Logits early = {1, 2}, late = {1, 2};
  apply_bans(p, {tokens, 3}, early);
  apply_bans(p, {tokens, 2}, late);
  EXPECT_EQ(early, (Logits{1, kNever}));
  EXPECT_EQ(late, (Logits{1, 2}));
  EXPECT_TRUE(has_bans(p, 1));
  EXPECT_FALSE(has_bans(p, 2));
}

TEST(Bans, ABadWordIsCutOffBeforeItsLastToken) {
  const Parameters p{.bad_words = {{2}, {0, 1}, {5, 0, 3}, {}}};
  const Tokens tokens = {5, 0};
  Logits in_answer = {1, 1, 1, 1}, in_prompt = {1, 1, 1, 1};
  apply_bans(p, {tokens, 0}, in_answer);
  EXPECT_EQ(in_answer, (Logits{1, kNever, kNever, kNever}));
  apply_bans(p, {tokens, 2}, in_prompt);
  EXPECT_EQ(in_prompt, (Logits{1, 1, kNever, 1})) << "what the prompt says is no part of the answer's words";
}

TEST(Penalties, RepetitionCountsPromptAndAnswerTheOthersTheAnswer) {
  Logits logits = {2, -2, 4, 6, 8};
  const Tokens tokens = {0, 1, 2, 2, 1, 2};
  apply_penalties({.repetition_penalty = 2, .presence_penalty = 0.5, .frequency_penalty = 0.25}, {tokens, 3},
                  logits);
  // Answer: 2, 1, 2.
  EXPECT_EQ(logits, (Logits{1, -4 - 0.75f, 2 - 1.0f, 6, 8}));
}

TEST(Penalties, LookAtTheLastTokensOnly) {
  const Tokens tokens = {0, 1, 2, 3};
  Logits logits = {2, 2, 2, 2};
  apply_penalties({.repetition_penalty = 2, .presence_penalty = 1, .penalty_last_n = 2}, {tokens, 3}, logits);
  EXPECT_EQ(logits, (Logits{2, 2, 1, 0}));
  EXPECT_FALSE(has_penalties({.repetition_penalty = 2, .penalty_last_n = 0}));
}

TEST(Dry, HandMadeCase) {
  // The text ends with "1 2"; after an earlier "1 2" came 3, after a lone 2 came 5.
  const Tokens tokens = {0, 1, 2, 3, 2, 5, 1, 2};
  Logits logits(8, 0);
  apply_dry({.multiplier = 0.5, .base = 2, .allowed_length = 1}, {tokens, 0}, logits);
  EXPECT_EQ(logits, (Logits{0, 0, 0, -1, 0, -0.5, 0, 0}));
}

// The definition, as slowly as it can be said.
Logits slow_dry(const Dry& dry, const Tokens& all, size_t vocabulary) {
  const Tokens text(dry.last_n < 0 || dry.last_n > std::ssize(all) ? all.begin() : all.end() - dry.last_n,
                    all.end());
  const auto is_break_before = [&](size_t end) {  // text[0, end) ends with a breaker
    for (const Tokens& b : dry.breakers)
      if (b.size() <= end &&
          std::equal(b.begin(), b.end(), text.begin() + static_cast<ptrdiff_t>(end - b.size())))
        return true;
    return false;
  };
  Logits out(vocabulary, 0);
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    int64_t length = 0;
    while (length <= static_cast<int64_t>(i) &&
           text[i - static_cast<size_t>(length)] == text[text.size() - 1 - static_cast<size_t>(length)] &&
           !is_break_before(text.size() - static_cast<size_t>(length)))
      ++length;
    bool is_breaker = false;
    for (const Tokens& b : dry.breakers) is_breaker |= b == Tokens{text[i + 1]};
    if (length == 0 || length < dry.allowed_length || is_breaker) continue;
    const auto penalty = static_cast<float>(
        dry.multiplier * std::pow(dry.base, static_cast<double>(length - dry.allowed_length)));
    out[static_cast<size_t>(text[i + 1])] = std::min(out[static_cast<size_t>(text[i + 1])], -penalty);
  }
  return out;
}

TEST(Dry, IsItsDefinitionOnRandomTexts) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    const int vocabulary = 2 + static_cast<int>(random() % 4);
    Tokens tokens(random() % 30);
    for (TokenId& id : tokens) id = static_cast<TokenId>(random()) % vocabulary & 7;
    Dry dry{.multiplier = 0.8f, .base = 1.75f, .allowed_length = static_cast<int64_t>(random() % 4)};
    if (random() % 2) dry.last_n = static_cast<int64_t>(random() % 20) + 1;
    for (size_t n = random() % 3; n > 0; --n) {
      Tokens breaker(1 + random() % 2);
      for (TokenId& id : breaker) id = static_cast<TokenId>(random() % 5);
      dry.breakers.push_back(breaker);
    }
    sort_breakers(dry);
    Logits logits(8, 0);
    apply_dry(dry, {tokens, 0}, logits);
    const Logits expected = slow_dry(dry, tokens, 8);
    for (size_t i = 0; i < 8; ++i) ASSERT_NEAR(logits[i], expected[i], 1e-4 * std::abs(expected[i])) << round;
  }
}

TEST(Dry, AnEndlessRepetitionStaysANumber) {
  const Tokens tokens(5000, 3);
  Logits logits(8, 0);
  apply_dry({.multiplier = 1, .base = 4}, {tokens, 0}, logits);
  EXPECT_TRUE(std::isfinite(logits[3]));
  EXPECT_LT(logits[3], -1e29f);
}

}  // namespace
}  // namespace sampling
