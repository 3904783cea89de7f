#include "engine/draft_model.h"

#include <algorithm>
#include <random>

#include "engine/fake_model.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

constexpr int64_t kVocabulary = 97;

TokenId greedy_after(std::span<const TokenId> tokens) {
  const auto logits = FakeModel::logits_after(tokens, kVocabulary);
  return static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin());
}

std::vector<TokenId> greedy_continuation(std::vector<TokenId> tokens, int64_t n) {
  const size_t n_given = tokens.size();
  for (int64_t i = 0; i < n; ++i) tokens.push_back(greedy_after(tokens));
  return {tokens.begin() + static_cast<std::ptrdiff_t>(n_given), tokens.end()};
}

std::vector<TokenId> some_tokens(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> tokens(static_cast<size_t>(n));
  for (TokenId& id : tokens) id = static_cast<TokenId>(random() % 90);
  return tokens;
}

struct Guessing {
  explicit Guessing(DraftModel::Options options) {
    options.n_valid_ids = options.n_valid_ids == 0 ? kVocabulary : options.n_valid_ids;
    drafter = *DraftModel::make(model, options);
  }
  std::vector<TokenId> draft(RequestId id, std::span<const TokenId> tokens, int64_t most,
                             std::string_view salt = {}) {
    std::vector<TokenId> drafts;
    const Drafter::Wanted wanted{.id = id, .salt = salt, .tokens = tokens, .drafts = &drafts};
    drafter->draft({&wanted, 1}, most);
    drafter->check_integrity();
    return drafts;
  }
  FakeModel model;
  std::unique_ptr<DraftModel> drafter;
};

constexpr RequestId kId{1}, kOther{2};

TEST(DraftModel, GuessesWhatItFindsLikeliest) {
  Guessing d({.n_pages = 10});
  const auto tokens = some_tokens(100, 1);
  EXPECT_EQ(d.draft(kId, tokens, 5), greedy_continuation(tokens, 5));
  EXPECT_EQ(d.model.n_rows, 100 + 4);
  EXPECT_GT(d.drafter->seconds_per_token(), 0);
}

TEST(DraftModel, ReadsAChunkAtATimeAndGuessesWhenItHasReadAll) {
  Guessing d({.n_pages = 10, .chunk_tokens = 40});
  const auto tokens = some_tokens(100, 1);
  EXPECT_TRUE(d.draft(kId, tokens, 5).empty());
  EXPECT_TRUE(d.draft(kId, tokens, 5).empty());
  EXPECT_EQ(d.draft(kId, tokens, 5), greedy_continuation(tokens, 5));
  EXPECT_LE(d.model.largest_step, 40);
}

// Whatever was taken of its guesses, and however far, it goes on from what was really said.
TEST(DraftModel, GoesOnAfterGuessesThatWereTakenInPartOrNotAtAll) {
  std::mt19937 random(4);
  Guessing d({.n_pages = 10});
  std::vector<TokenId> tokens = some_tokens(50, 1);
  for (int round = 0; round < 60; ++round) {
    const int64_t most = 1 + static_cast<int64_t>(random() % 6);
    const auto drafts = d.draft(kId, tokens, most);
    ASSERT_EQ(drafts, greedy_continuation(tokens, most)) << "round " << round;
    const size_t n_taken = random() % (drafts.size() + 1);
    tokens.insert(tokens.end(), drafts.begin(), drafts.begin() + static_cast<std::ptrdiff_t>(n_taken));
    // What comes after them may be the next guess, by chance, or anything.
    const bool is_guess = random() % 2 == 0;
    tokens.push_back(is_guess ? greedy_after(tokens) : static_cast<TokenId>(random() % 90));
  }
  EXPECT_EQ(d.model.n_violations, 0);
}

TEST(DraftModel, GuessesForAllInOneStepEach) {
  Guessing d({.n_pages = 20});
  const auto a = some_tokens(30, 1), b = some_tokens(70, 2);
  std::vector<TokenId> of_a, of_b;
  const Drafter::Wanted wanted[] = {{.id = kId, .salt = {}, .tokens = a, .drafts = &of_a},
                                    {.id = kOther, .salt = {}, .tokens = b, .drafts = &of_b}};
  d.drafter->draft(wanted, 4);
  EXPECT_EQ(of_a, greedy_continuation(a, 4));
  EXPECT_EQ(of_b, greedy_continuation(b, 4));
  EXPECT_EQ(d.model.n_steps, 4);
}

TEST(DraftModel, FindsTheNextTurnOfAConversationAgainUnderItsSaltOnly) {
  Guessing d({.n_pages = 20});
  auto tokens = some_tokens(130, 1);
  d.draft(kId, tokens, 3, "a");
  d.drafter->forget(kId);
  d.drafter->check_integrity();
  tokens.push_back(5);
  const int64_t n_before = d.model.n_rows;
  EXPECT_EQ(d.draft(kOther, tokens, 1, "a"), greedy_continuation(tokens, 1));
  EXPECT_EQ(d.model.n_rows - n_before, 1);
  d.draft(RequestId{3}, tokens, 1, "b");
  EXPECT_EQ(d.model.n_rows - n_before, 1 + 131);
  EXPECT_EQ(d.model.n_violations, 0);
}

TEST(DraftModel, MakesRoomFromThoseWhoDoNotAskAndElseGuessesNothing) {
  Guessing d({.n_pages = 3});
  const auto a = some_tokens(100, 1), b = some_tokens(100, 2), c = some_tokens(250, 3);
  EXPECT_EQ(d.draft(kId, a, 2), greedy_continuation(a, 2));
  EXPECT_EQ(d.draft(kOther, b, 2), greedy_continuation(b, 2));
  EXPECT_TRUE(d.draft(RequestId{3}, c, 2).empty());
  EXPECT_EQ(d.draft(kId, a, 2), greedy_continuation(a, 2));
  EXPECT_EQ(d.model.n_violations, 0);
}

TEST(DraftModel, GuessesNothingBeyondItsContextAndNoIdThatIsNotValid) {
  Guessing d({.n_pages = 80, .chunk_tokens = 8192, .n_valid_ids = 4});
  EXPECT_TRUE(d.draft(kId, some_tokens(4095, 1), 2).empty());
  const auto drafts = d.draft(kId, some_tokens(4094, 1), 2);
  ASSERT_EQ(drafts.size(), 2u);
  for (const TokenId id : drafts) EXPECT_LT(id, 4);
}

TEST(DraftModel, GuessesNoMoreWhereItsLogitsAreNotNumbers) {
  Guessing d({.n_pages = 10});
  d.model.poison = 96;
  EXPECT_TRUE(d.draft(kId, std::vector<TokenId>{1, 2, 96}, 3).empty());
  const std::vector<TokenId> healthy{1, 2, 3};
  EXPECT_EQ(d.draft(kOther, healthy, 1), greedy_continuation(healthy, 1));
}

}  // namespace
}  // namespace engine
