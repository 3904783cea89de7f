#include "sampling/stages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <set>

#include "sampling/sampler.h"

namespace sampling {
namespace {

using Logits = std::vector<float>;
using Ids = std::set<TokenId>;

Ids ids_of(const Candidates& c) {
  Ids out;
  for (const Candidate& each : c.all()) out.insert(each.id);
  return out;
}

std::vector<double> softmax(const Logits& logits) {
  const double max = *std::ranges::max_element(logits);
  std::vector<double> p;
  for (const float logit : logits) p.push_back(std::exp(logit - max));
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& each : p) each /= total;
  return p;
}

Logits random_logits(std::mt19937& random, size_t n) {
  std::normal_distribution<float> normal(0, 3);
  Logits out(n);
  for (float& logit : out) logit = normal(random);
  return out;
}

// Each stage against its definition in double. Random logits have no ties and no sums that end on a limit.
TEST(Stages, AreTheirDefinitions) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const Logits logits = random_logits(random, 2 + random() % 200);
    const std::vector<double> p = softmax(logits);
    std::vector<size_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](size_t a, size_t b) { return logits[a] > logits[b]; });
    const double fraction = 0.02 + 0.9 * static_cast<double>(random() % 1000) / 1000;
    const auto share = static_cast<float>(fraction);
    Ids expected;

    Candidates top_k(logits);
    const size_t k = 1 + random() % logits.size();
    keep_top_k(top_k, static_cast<int64_t>(k));
    for (size_t i = 0; i < k; ++i) expected.insert(static_cast<TokenId>(order[i]));
    EXPECT_EQ(ids_of(top_k), expected);

    Candidates top_p(logits);
    keep_top_p(top_p, share);
    expected.clear();
    double sum = 0;
    for (const size_t id : order) {
      if (sum >= fraction) break;
      expected.insert(static_cast<TokenId>(id));
      sum += p[id];
    }
    EXPECT_EQ(ids_of(top_p), expected);

    Candidates min_p(logits);
    keep_min_p(min_p, share);
    expected.clear();
    for (size_t id = 0; id < p.size(); ++id)
      if (p[id] >= fraction * p[order[0]]) expected.insert(static_cast<TokenId>(id));
    EXPECT_EQ(ids_of(min_p), expected);

    Candidates sigma(logits);
    keep_top_n_sigma(sigma, share);
    const double mean =
        std::accumulate(logits.begin(), logits.end(), 0.0) / static_cast<double>(logits.size());
    double squares = 0;
    for (const float logit : logits) squares += (logit - mean) * (logit - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(logits.size()));
    expected.clear();
    for (size_t id = 0; id < p.size(); ++id)
      if (logits[id] >= logits[order[0]] - fraction * deviation) expected.insert(static_cast<TokenId>(id));
    EXPECT_EQ(ids_of(sigma), expected);

    Candidates typical(logits);
    keep_typical(typical, share);
    double h = 0;
    for (const double each : p) h -= each > 0 ? each * std::log(each) : 0;
    std::vector<size_t> by_distance = order;
    std::ranges::sort(by_distance, {}, [&](size_t id) { return std::abs(-std::log(p[id]) - h); });
    expected.clear();
    sum = 0;
    for (const size_t id : by_distance) {
      expected.insert(static_cast<TokenId>(id));
      sum += p[id];
      if (sum > fraction) break;
    }
    EXPECT_EQ(ids_of(typical), expected);

    Candidates xtc(logits);
    const float threshold = share / 5;
    exclude_top(xtc, threshold);
    expected.clear();
    size_t n_above = 0;
    for (const double each : p) n_above += each >= double{threshold};
    for (size_t i = n_above > 1 ? n_above - 1 : 0; i < order.size(); ++i)
      expected.insert(static_cast<TokenId>(order[i]));
    EXPECT_EQ(ids_of(xtc), expected);

    Candidates surprise(logits);
    const double mu = 0.5 + 8 * fraction;
    keep_surprise(surprise, mu);
    expected.clear();
    for (size_t id = 0; id < p.size(); ++id)
      if (-std::log2(p[id]) <= mu || id == order[0]) expected.insert(static_cast<TokenId>(id));
    if (-std::log2(p[order[0]]) > mu) expected = {static_cast<TokenId>(order[0])};
    EXPECT_EQ(ids_of(surprise), expected);
  }
}

TEST(Stages, DynamicTemperatureFollowsTheEntropy) {
  const auto temperature_of = [](const Logits& logits) {
    Candidates c(logits);
    apply_temperature(c, 1.0f, 0.5f, 1.0f);
    const auto sorted = c.sorted(2);
    return (logits[0] - logits[1]) / (sorted[0].logit - sorted[1].logit);
  };
  const Logits flat = {1.0f, 0.999f, 0.998f, 0.997f}, sharp = {30, 1, 0, 0};
  EXPECT_NEAR(temperature_of(flat), 1.5, 1e-3);
  EXPECT_NEAR(temperature_of(sharp), 0.5, 1e-3);
}

TEST(Sampler, AnyOrderOfStagesThatLeaveOutNothingIsThePlainOne) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    const Logits logits = random_logits(random, 300);
    Parameters p{.temperature = 0.8f, .top_k = 40, .top_p = 0.9f, .min_p = 0.05f, .seed = 5};
    Sampler short_way(p);
    p.order.assign(kDefaultOrder.begin(), kDefaultOrder.end());
    Sampler long_way(p);
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(short_way.sample(logits, i, -1)->id, long_way.sample(logits, i, -1)->id);
  }
}

TEST(Sampler, TheOrderDecidesWhatATemperatureDoesToTopP) {
  // At temperature 10 the two are nearly even, so top-p keeps both if it comes after the temperature.
  const Logits logits = {3, 0};
  const auto second_comes = [&](std::vector<Stage> order) {
    Sampler sampler({.temperature = 10, .top_p = 0.9f, .order = std::move(order)});
    int n = 0;
    for (int i = 0; i < 200; ++i) n += sampler.sample(logits, i, -1)->id;
    return n > 0;
  };
  EXPECT_TRUE(second_comes({Stage::temperature, Stage::top_p}));
  EXPECT_FALSE(second_comes({Stage::top_p, Stage::temperature}));
}

TEST(Sampler, XtcTakesTheTopAwayAsOftenAsItShould) {
  const Logits logits = {2, 1.9f, 1.8f, -9};
  Sampler sampler({.seed = 11, .xtc = {.probability = 0.5f, .threshold = 0.1f}});
  int n_first = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) n_first += sampler.sample(logits, i, -1)->id == 0;
  EXPECT_NEAR(n_first, 0.5 * kDraws * softmax(logits)[0], 4 * std::sqrt(kDraws));
}

TEST(Sampler, MirostatKeepsTheSurpriseNearItsTarget) {
  std::mt19937 random(9);
  const Logits logits = random_logits(random, 5000);
  const std::vector<double> p = softmax(logits);
  for (const float tau : {2.0f, 4.0f}) {
    Sampler sampler({.seed = 1, .mirostat = {.on = true, .tau = tau, .eta = 0.1f}});
    double kept_surprise = 0;
    constexpr int kTokens = 2000;
    for (int i = 0; i < kTokens; ++i) {
      const auto sampled = sampler.sample(logits, {}, {.n_top = 0, .after_sampling = true});
      kept_surprise -= double{sampled->logprob} / std::log(2.0);
    }
    // History is empty, so each token has the same number to draw with; the limit moves all the same.
    EXPECT_NEAR(kept_surprise / kTokens, tau, 0.35) << tau;
  }
}

TEST(Sampler, MirostatIsTheSameForTheSameSequence) {
  std::mt19937 random(2);
  std::vector<Logits> steps;
  for (int i = 0; i < 50; ++i) steps.push_back(random_logits(random, 100));
  const auto run = [&] {
    Sampler sampler({.seed = 3, .mirostat = {.on = true, .tau = 3, .eta = 0.2f}});
    std::vector<TokenId> tokens;
    for (int i = 0; i < 50; ++i) tokens.push_back(sampler.sample(steps[static_cast<size_t>(i)], i, -1)->id);
    return tokens;
  };
  EXPECT_EQ(run(), run());
}

TEST(Sampler, ReportsProbabilitiesOfWhatIsLeftIfAsked) {
  const Logits logits = {std::log(5.0f), std::log(3.0f), std::log(2.0f), std::log(1.0f)};
  Sampler sampler({.top_k = 2});
  const auto sampled = sampler.sample(logits, {}, {.n_top = 4, .after_sampling = true});
  ASSERT_EQ(sampled->top.size(), 2u);
  EXPECT_NEAR(std::exp(sampled->top[0].logprob), 0.625, 1e-6);
  EXPECT_NEAR(std::exp(sampled->top[1].logprob), 0.375, 1e-6);
  EXPECT_NEAR(std::exp(sampled->logprob), sampled->id == 0 ? 0.625 : 0.375, 1e-6);
}

TEST(Sampler, GreedyTakesTheLikeliestAfterPenalties) {
  const Logits logits = {5, 4.5f, 1};
  const std::vector<TokenId> tokens = {0};
  for (const bool long_way : {false, true}) {
    Parameters p{.temperature = 0, .presence_penalty = 1};
    if (long_way) p.order.assign(kLlamaCppOrder.begin(), kLlamaCppOrder.end());
    EXPECT_EQ(Sampler(p).sample(logits, {tokens, 1}, {})->id, 0);
    EXPECT_EQ(Sampler(p).sample(logits, {tokens, 0}, {})->id, 1);
  }
}

TEST(Sampler, AppraisesAGivenToken) {
  const Logits logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  const auto appraised = appraise(logits, 2, 2);
  EXPECT_EQ(appraised->id, 2);
  EXPECT_NEAR(std::exp(appraised->logprob), 0.2, 1e-6);
  ASSERT_EQ(appraised->top.size(), 2u);
  EXPECT_EQ(appraised->top[1].id, 1);
  EXPECT_FALSE(appraise(Logits{1, std::numeric_limits<float>::quiet_NaN()}, 0, 0));
}

}  // namespace
}  // namespace sampling
