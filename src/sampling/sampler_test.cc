#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "gtest/gtest.h"

namespace sampling {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> random_logits(int64_t n, uint32_t seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> logits(static_cast<size_t>(n));
  for (float& x : logits) x = normal(random);
  return logits;
}

// The definition, in double and by sorting: the tokens that may be drawn and their probabilities. `edge` says
// how close a decision came to going the other way.
struct Reference {
  std::map<TokenId, double> probabilities;
  double edge = 1;
};

Reference reference(std::span<const float> logits, const Parameters& p) {
  struct Token {
    double logit, weight;
    TokenId id;
  };
  std::vector<Token> tokens;
  const double max = *std::ranges::max_element(logits);
  for (size_t i = 0; i < logits.size(); ++i)
    tokens.push_back(
        {logits[i], std::exp((logits[i] - max) / double{p.temperature}), static_cast<TokenId>(i)});
  std::ranges::sort(tokens, [](const Token& a, const Token& b) {
    return std::pair(-a.logit, a.id) < std::pair(-b.logit, b.id);
  });
  if (p.top_k > 0 && p.top_k < std::ssize(tokens)) tokens.resize(static_cast<size_t>(p.top_k));
  Reference result;
  const auto total = [&] {
    double sum = 0;
    for (const Token& token : tokens) sum += token.weight;
    return sum;
  };
  if (p.top_p < 1) {
    const double all = total();
    double before = 0;
    size_t n_kept = 0;
    for (; n_kept < tokens.size() && (n_kept == 0 || before < double{p.top_p} * all); ++n_kept) {
      result.edge = std::min(result.edge, std::abs(before / all - double{p.top_p}));
      before += tokens[n_kept].weight;
    }
    result.edge = std::min(result.edge, std::abs(before / all - double{p.top_p}));
    tokens.resize(n_kept);
  }
  if (p.min_p > 0) {
    for (const Token& token : tokens)
      result.edge = std::min(result.edge, std::abs(token.weight - double{p.min_p}));
    std::erase_if(tokens, [&](const Token& token) { return token.weight < double{p.min_p}; });
  }
  const double all = total();
  for (const Token& token : tokens) result.probabilities[token.id] = token.weight / all;
  return result;
}

std::vector<int> draw_many(std::span<const float> logits, const Parameters& p, int n_draws) {
  std::vector<int> counts(logits.size(), 0);
  Sampler sampler(p);
  for (int i = 0; i < n_draws; ++i) ++counts[static_cast<size_t>(sampler.sample(logits, i, -1)->id)];
  return counts;
}

// Chi-square of the draws against the reference, rare tokens taken together; and nothing else is ever drawn.
void expect_distribution(std::span<const float> logits, const Parameters& p) {
  SCOPED_TRACE("temperature " + std::to_string(p.temperature) + ", top_k " + std::to_string(p.top_k) +
               ", top_p " + std::to_string(p.top_p) + ", min_p " + std::to_string(p.min_p));
  constexpr int kDraws = 5000;
  const Reference expected = reference(logits, p);
  if (expected.edge < 1e-6) return;
  const std::vector<int> counts = draw_many(logits, p, kDraws);
  double chi_square = 0, rest_expected = 0;
  int n_cells = 0, rest_count = 0;
  const auto add_cell = [&](double e, int count) {
    chi_square += (count - e) * (count - e) / e;
    ++n_cells;
  };
  int n_drawn = 0;
  for (const auto& [id, probability] : expected.probabilities) {
    const int count = counts[static_cast<size_t>(id)];
    n_drawn += count;
    if (probability * kDraws >= 10) {
      add_cell(probability * kDraws, count);
    } else {
      rest_expected += probability * kDraws;
      rest_count += count;
    }
  }
  EXPECT_EQ(n_drawn, kDraws) << "tokens outside the allowed set were drawn";
  if (rest_expected >= 10) add_cell(rest_expected, rest_count);
  // Mean n - 1, variance 2 (n - 1); five deviations above.
  const double freedom = std::max(1, n_cells - 1);
  EXPECT_LT(chi_square, freedom + 5 * std::sqrt(2 * freedom) + 5);
}

TEST(Sampler, DrawsFromTheDistributionThatTheDefinitionGives) {
  uint64_t seed = 1;
  for (const int64_t n : {5, 64, 300})
    for (const float temperature : {0.5f, 1.0f, 3.0f})
      for (const auto& [top_k, top_p, min_p] :
           {std::tuple(0, 1.0f, 0.0f), std::tuple(20, 1.0f, 0.0f), std::tuple(0, 0.8f, 0.0f),
            std::tuple(0, 1.0f, 0.1f), std::tuple(40, 0.9f, 0.05f), std::tuple(0, 0.95f, 0.02f)}) {
        const auto logits = random_logits(n, static_cast<uint32_t>(seed), 2);
        expect_distribution(logits, {temperature, top_k, top_p, min_p, seed++});
      }
}

// Few logit values, so that cuts fall among equals.
TEST(Sampler, KeepsExactlyTheTokensOfTheDefinitionAlsoAmongEquals) {
  std::mt19937 random(5);
  int n_checked = 0;
  for (uint32_t round = 0; round < 300; ++round) {
    std::vector<float> logits(1 + random() % 300);
    for (float& x : logits) x = static_cast<float>(random() % 6) * 0.3f;
    const Parameters p{.temperature = 1.0f + static_cast<float>(random() % 3),
                       .top_k = random() % 2 == 0 ? 0 : static_cast<int>(1 + random() % 50),
                       .top_p = random() % 2 == 0 ? 1.0f : static_cast<float>(random() % 100) / 100,
                       .min_p = random() % 2 == 0 ? 0.0f : static_cast<float>(random() % 100) / 100,
                       .seed = round};
    const Reference expected = reference(logits, p);
    if (expected.edge < 1e-6) continue;
    ++n_checked;
    std::set<TokenId> drawn;
    const auto counts = draw_many(logits, p, 1500);
    for (size_t id = 0; id < counts.size(); ++id)
      if (counts[id] > 0) drawn.insert(static_cast<TokenId>(id));
    for (const TokenId id : drawn)
      ASSERT_TRUE(expected.probabilities.contains(id)) << "round " << round << ", id " << id;
    // With 1500 draws a token of 1 in 50 is missed with probability 1e-13.
    for (const auto& [id, probability] : expected.probabilities)
      if (probability > 0.02) {
        ASSERT_TRUE(drawn.contains(id)) << "round " << round << ", id " << id;
      }
  }
  EXPECT_GT(n_checked, 200);
}

TEST(Sampler, CutsALargeVocabularyWhereTheDefinitionDoes) {
  for (const float spread : {0.2f, 1.0f, 3.0f, 8.0f})
    for (const auto& [top_k, top_p, min_p] :
         {std::tuple(0, 0.9f, 0.0f), std::tuple(0, 0.3f, 0.0f), std::tuple(0, 1.0f, 0.2f),
          std::tuple(1000, 0.99f, 0.0f), std::tuple(0, 0.999f, 0.001f)}) {
      const auto logits = random_logits(10007, 9, spread);
      const Parameters p{1, top_k, top_p, min_p, 4};
      const Reference expected = reference(logits, p);
      const auto counts = draw_many(logits, p, 150);
      for (size_t id = 0; id < counts.size(); ++id)
        if (counts[id] > 0) {
          EXPECT_TRUE(expected.probabilities.contains(static_cast<TokenId>(id))) << spread << " " << id;
        }
    }
}

TEST(Sampler, AppliesTemperatureBeforeTopP) {
  const std::vector<float> logits = {3, 2, 1};
  // At temperature 0.5 the first token alone has 0.867; at 1 the first two have 0.91 and the first 0.665.
  const auto cold = draw_many(logits, {.temperature = 0.5f, .top_p = 0.8f}, 1000);
  EXPECT_EQ(cold, (std::vector<int>{1000, 0, 0}));
  const auto warm = draw_many(logits, {.temperature = 1.0f, .top_p = 0.8f}, 1000);
  EXPECT_GT(warm[1], 0);
  EXPECT_EQ(warm[2], 0);
}

TEST(Sampler, AppliesTopKBeforeTopP) {
  // Weights 4, 3, 2, 1: of all the first two have 0.7; of the three that top-k leaves they have 0.78.
  const std::vector<float> logits = {std::log(4.0f), std::log(3.0f), std::log(2.0f), std::log(1.0f)};
  EXPECT_GT(draw_many(logits, {.temperature = 1, .top_p = 0.75f}, 2000)[2], 0);
  EXPECT_EQ(draw_many(logits, {.temperature = 1, .top_k = 3, .top_p = 0.75f}, 2000)[2], 0);
}

TEST(Sampler, TakesTheLowerIdAmongEquals) {
  const std::vector<float> logits = {1, 3, 3, 3, 2};
  EXPECT_EQ(Sampler({.temperature = 0}).sample(logits, 0, -1)->id, 1);
  EXPECT_EQ(draw_many(logits, {.temperature = 1, .top_k = 1}, 100)[1], 100);
  const auto two = draw_many(logits, {.temperature = 1, .top_k = 2}, 200);
  EXPECT_GT(two[1], 50);
  EXPECT_GT(two[2], 50);
  EXPECT_EQ(two[1] + two[2], 200);
  const auto nucleus = draw_many(logits, {.temperature = 1, .top_p = 0.4f}, 200);
  EXPECT_EQ(nucleus[1] + nucleus[2], 200);
}

TEST(Sampler, GivesTheSameTokenForTheSameSeedAndIndexAlone) {
  const auto logits = random_logits(5000, 1, 1);
  const Parameters p{.temperature = 1, .top_p = 0.95f, .seed = 42};
  std::vector<TokenId> forward, backward;
  for (int i = 0; i < 50; ++i) forward.push_back(Sampler(p).sample(logits, i, -1)->id);
  Sampler one(p);
  for (int i = 49; i >= 0; --i) backward.push_back(one.sample(logits, i, 5)->id);
  std::ranges::reverse(backward);
  EXPECT_EQ(forward, backward);
  EXPECT_GT(std::set(forward.begin(), forward.end()).size(), 40u);
  Parameters other = p;
  other.seed = 43;
  EXPECT_NE(Sampler(other).sample(logits, 0, -1)->id, forward[0]);
}

// A change of these bits would break every receipt: they may change only with a new version of the numerics.
TEST(Sampler, DrawsTheTokensItHasAlwaysDrawn) {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i * 7919 % 1000) * 0.01f;
  const auto first_five = [&](Parameters p) {
    p.seed = 2024;
    std::vector<TokenId> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(Sampler(p).sample(logits, i, -1)->id);
    return ids;
  };
  EXPECT_EQ(first_five({.temperature = 1}), (std::vector<TokenId>{605, 346, 581, 656, 20}));
  EXPECT_EQ(first_five({.temperature = 0.7f, .top_k = 40, .top_p = 0.9f}),
            (std::vector<TokenId>{630, 346, 605, 667, 25}));
  EXPECT_EQ(first_five({.temperature = 1.5f, .top_p = 0.9f, .min_p = 0.02f}),
            (std::vector<TokenId>{605, 346, 571, 656, 15}));
}

TEST(Sampler, NeverGivesABannedToken) {
  const std::vector<float> logits = {5, 9, 1, 8, -kInfinity};
  const std::vector<TokenId> banned = {1, 3, -7, 1000000};
  for (const float temperature : {0.0f, 1.0f, 50.0f})
    for (int i = 0; i < 200; ++i) {
      const TokenId id =
          Sampler({.temperature = temperature, .banned_ids = banned}).sample(logits, i, -1)->id;
      EXPECT_TRUE(id == 0 || id == 2);
    }
  const std::vector<TokenId> all = {0, 1, 2, 3};
  const auto none_left = Sampler({.temperature = 0, .banned_ids = all}).sample(logits, 0, -1);
  ASSERT_FALSE(none_left);
  EXPECT_EQ(none_left.error().code, base::Code::invalid_argument);
}

TEST(Sampler, ReportsLogProbabilitiesBeforeTemperatureAndBan) {
  const std::vector<float> logits = {std::log(4.0f), std::log(3.0f), std::log(2.0f), std::log(1.0f),
                                     -kInfinity};
  const std::vector<TokenId> banned = {0};
  for (const float temperature : {0.0f, 0.7f, 2.0f}) {
    const auto sampled = Sampler({.temperature = temperature, .banned_ids = banned}).sample(logits, 3, 10);
    ASSERT_TRUE(sampled);
    const double expected[] = {0.4, 0.3, 0.2, 0.1};
    EXPECT_NEAR(sampled->logprob, std::log(expected[sampled->id]), 3e-7);
    ASSERT_EQ(sampled->top.size(), 4u);
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(sampled->top[i].id, static_cast<TokenId>(i));
      EXPECT_NEAR(sampled->top[i].logprob, std::log(expected[i]), 3e-7);
      EXPECT_NEAR(log_probability(logits, static_cast<TokenId>(i)), std::log(expected[i]), 3e-7);
    }
  }
}

TEST(Sampler, ReportsWhatIsNotANumberAsAnError) {
  for (const float temperature : {0.0f, 1.0f}) {
    const auto sampled =
        Sampler({.temperature = temperature}).sample(std::vector<float>{1, 2, std::nanf(""), 3}, 0, -1);
    ASSERT_FALSE(sampled);
    EXPECT_EQ(sampled.error().message, "the model's logit of token 2 is not a number");
  }
  EXPECT_FALSE(Sampler({}).sample({}, 0, -1));
}

TEST(Sampler, TakesExtremeTemperaturesAndLogits) {
  std::vector<float> logits(3000, -3e38f);
  logits[17] = 3e38f;
  for (const float temperature : {1e-7f, 1e-5f, 1.0f, 100.0f})
    for (const float top_p : {0.0f, 0.5f, 1.0f})
      EXPECT_EQ(Sampler({.temperature = temperature, .top_p = top_p}).sample(logits, 0, -1)->id, 17);
  const std::vector<float> flat(3000, 2.5f);
  std::set<TokenId> drawn;
  for (int i = 0; i < 100; ++i)
    drawn.insert(Sampler({.temperature = 100, .top_p = 0.9f}).sample(flat, i, -1)->id);
  EXPECT_GT(drawn.size(), 80u);
  EXPECT_LT(*drawn.rbegin(), 2700);
}

}  // namespace
}  // namespace sampling
