#include "engine/speculation.h"

#include <algorithm>
#include <memory>
#include <random>

#include "gtest/gtest.h"

namespace engine {
namespace {

// Sequences that only decode, and a machine on which n rows take given times.
class Steps {
 public:
  explicit Steps(SpeculationOptions options)
      : speculation(with_ids(options)), most_rows_(options.most_rows) {}

  Sequence& add(std::vector<TokenId> prompt) {
    auto sequence = std::make_unique<Sequence>();
    sequence->id = RequestId{sequences_.size() + 1};
    sequence->n_prompt = std::ssize(prompt);
    sequence->n_limit = 100000;
    sequence->tokens = std::move(prompt);
    sequences_.push_back(std::move(sequence));
    plan_.push_back({.sequence = sequences_.back().get(), .n_rows = 1, .wants_logits = true});
    return *sequences_.back();
  }

  // Tells what steps cost: the first row 10 ms, each further one `row_ms`.
  void learn(double row_ms) {
    for (int64_t rows = 1; rows <= std::min<int64_t>(most_rows_, 20); ++rows)
      for (int i = 0; i < 3; ++i)
        speculation.learn(rows, 0.010 + 0.001 * row_ms * static_cast<double>(rows - 1));
  }

  int64_t propose() {
    speculation.propose(plan_);
    int64_t n_drafts = 0;
    for (const auto& sequence : sequences_) n_drafts += std::ssize(sequence->drafting.drafts);
    return n_drafts;
  }

  Speculation speculation;

 private:
  static SpeculationOptions with_ids(SpeculationOptions options) {
    options.n_valid_ids = 1000;
    return options;
  }
  const int64_t most_rows_;
  std::vector<std::unique_ptr<Sequence>> sequences_;
  std::vector<PlannedRows> plan_;
};

std::vector<TokenId> random_tokens(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> tokens(static_cast<size_t>(n));
  for (TokenId& id : tokens) id = static_cast<TokenId>(random() % 1000);
  return tokens;
}

// Random tokens, then the beginning of them once more.
std::vector<TokenId> repeating(int64_t n, int64_t n_again, uint32_t seed) {
  std::vector<TokenId> tokens = random_tokens(n, seed);
  tokens.insert(tokens.end(), tokens.begin(), tokens.begin() + n_again);
  return tokens;
}

TEST(SpeculationPolicy, DraftsWhatFollowedBefore) {
  Steps steps({.most_drafts = 5});
  const Sequence& sequence = steps.add(repeating(100, 20, 1));
  steps.learn(0.1);
  EXPECT_EQ(steps.propose(), 5);
  const auto expected = std::span(sequence.tokens).subspan(20, 5);
  EXPECT_TRUE(std::ranges::equal(sequence.drafting.drafts, expected));
}

TEST(SpeculationPolicy, GuessesTheNextPeriodOfWhatGoesRoundInCircles) {
  Steps steps({.most_drafts = 7});
  const Sequence& sequence = steps.add({9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1});
  steps.learn(0.1);
  steps.propose();
  EXPECT_EQ(sequence.drafting.drafts, (std::vector<TokenId>{2, 3, 1, 2, 3, 1, 2}));
}

TEST(SpeculationPolicy, DraftsTheLessTheMoreARowCosts) {
  int64_t before = 17;
  for (const double row_ms : {0.1, 2.0, 4.0, 9.5}) {
    Steps steps({.most_drafts = 16});
    steps.add(repeating(100, 20, 1));
    steps.learn(row_ms);
    const int64_t n_drafts = steps.propose();
    EXPECT_LT(n_drafts, before) << row_ms;
    before = n_drafts;
  }
  EXPECT_EQ(before, 0) << "nine rows in ten right do not pay for rows as dear as steps";
}

TEST(SpeculationPolicy, DraftsNothingBeforeAPlainStepWasMeasured) {
  Steps steps({});
  steps.add(repeating(100, 20, 1));
  EXPECT_EQ(steps.propose(), 0);
  steps.speculation.learn(1, 0.01);
  EXPECT_EQ(steps.propose(), 0);
  steps.speculation.learn(1, 0.01);
  EXPECT_GT(steps.propose(), 0);
}

TEST(SpeculationPolicy, GivesTheRowsToThoseWhoseGuessesAreLikelier) {
  Steps steps({.most_drafts = 16, .most_rows = 12});
  const Sequence& sure = steps.add(repeating(100, 40, 1));
  const Sequence& unsure = steps.add(repeating(100, 5, 2));
  steps.learn(0.1);
  EXPECT_EQ(steps.propose(), 10);
  EXPECT_GT(sure.drafting.drafts.size(), unsure.drafting.drafts.size());
}

// What it would have drafted is judged all the same, so it begins again with the first repetition.
TEST(SpeculationPolicy, StopsWhereTextGoesOnOtherwiseAndBeginsAgain) {
  Steps steps({.most_drafts = 4});
  Sequence& sequence = steps.add({});
  sequence.tokens = {1};
  sequence.n_prompt = 1;
  steps.learn(1.0);
  // Two marks that come again and again, each time with something else behind.
  for (TokenId i = 0; i < 60; ++i)
    for (const TokenId id : {1, 2, 100 + i}) {
      sequence.tokens.push_back(id);
      const int64_t n_drafts = steps.propose();
      if (i >= 30 && id == 2) {
        EXPECT_EQ(n_drafts, 0) << i;
      }
    }
  for (TokenId i = 0; i < 60; ++i) {
    for (const TokenId id : {1, 2, 100 + i}) sequence.tokens.push_back(id);
    const int64_t n_drafts = steps.propose();
    if (i >= 20) {
      EXPECT_GT(n_drafts, 0) << i;
    }
  }
}

TEST(SpeculationPolicy, LeavesRoomForTheLimit) {
  Steps steps({.most_drafts = 16});
  Sequence& sequence = steps.add(repeating(100, 20, 1));
  steps.learn(0.1);
  for (const auto& [n_left, n_drafts] : {std::pair{4, 3}, std::pair{1, 0}}) {
    sequence.n_limit = sequence.n_tokens() + n_left;
    EXPECT_EQ(steps.propose(), n_drafts);
  }
}

TEST(SpeculationPolicy, ReadsALongPromptBesideTheFirstSteps) {
  Steps steps({.most_drafts = 4});
  steps.add(repeating(10000, 20, 1));
  steps.learn(0.1);
  EXPECT_EQ(steps.propose(), 0);
  EXPECT_EQ(steps.propose(), 0);
  EXPECT_EQ(steps.propose(), 4);
}

// Counts calls; always wrong, or slow.
struct Useless final : Drafter {
  void draft(std::span<const Wanted> wanted, int64_t most) override {
    ++n_calls;
    for (const Wanted& w : wanted) w.drafts->assign(static_cast<size_t>(most), 1);
  }
  void forget(RequestId) override {}
  double seconds_per_token() const override { return seconds; }
  int64_t n_calls = 0;
  double seconds = 0;
};

TEST(SpeculationPolicy, TriesAUselessDrafterEverMoreRarely) {
  for (const double seconds : {0.0, 1.0}) {
    Useless drafter;
    drafter.seconds = seconds;
    Steps steps({.drafter = &drafter});
    Sequence& sequence = steps.add(random_tokens(100, 1));
    steps.learn(1.0);
    std::mt19937 random(2);
    for (int i = 0; i < 4000; ++i) {
      const int64_t n_drafted = steps.propose();
      steps.speculation.learn(1, 0.010);
      steps.speculation.judge(sequence, n_drafted, 0);
      sequence.tokens.push_back(static_cast<TokenId>(random()));
    }
    EXPECT_GE(drafter.n_calls, 5);
    EXPECT_LE(drafter.n_calls, 30);
  }
}

TEST(SpeculationPolicy, AsksTheDrafterOnlyWhereTheTextHasNoGuess) {
  Useless drafter;
  Steps steps({.drafter = &drafter});
  steps.add(repeating(100, 20, 1));
  steps.learn(0.1);
  EXPECT_GT(steps.propose(), 0);
  EXPECT_EQ(drafter.n_calls, 0);
  const Sequence& fresh = steps.add(random_tokens(50, 7));
  steps.propose();
  EXPECT_EQ(drafter.n_calls, 1);
  EXPECT_FALSE(fresh.drafting.drafts.empty());
}

}  // namespace
}  // namespace engine
