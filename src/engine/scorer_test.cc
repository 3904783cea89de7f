#include "engine/scorer.h"

#include "engine/fake_model.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

using models::TokenId;

std::vector<TokenId> some_tokens(int64_t n) {
  std::vector<TokenId> tokens;
  for (int64_t i = 0; i < n; ++i) tokens.push_back(static_cast<TokenId>(i * i * 7 % 97));
  return tokens;
}

void expect_right_logits(int64_t n_tokens, const ScoreOptions& options) {
  SCOPED_TRACE("tokens " + std::to_string(n_tokens) + ", chunk " + std::to_string(options.chunk_tokens) +
               ", batch " + std::to_string(options.batch));
  FakeModel model;
  const auto tokens = some_tokens(n_tokens);
  int64_t next = 0;
  const auto status =
      score(model, tokens, options, [&](int64_t position, std::span<const float> logits) -> base::Status {
        EXPECT_EQ(position, next++);
        const auto expected =
            FakeModel::logits_after(std::span(tokens).first(static_cast<size_t>(position + 1)), 97);
        EXPECT_TRUE(std::ranges::equal(logits, expected)) << "position " << position;
        return {};
      });
  EXPECT_TRUE(status);
  EXPECT_EQ(next, n_tokens);
  EXPECT_EQ(model.n_violations, 0);
}

TEST(Scorer, GivesTheLogitsOfEachPositionInOrderHoweverTheStepsAreCut) {
  for (const int64_t n_tokens : {1, 2, 64, 65, 200})
    for (const int64_t chunk : {1, 7, 64, 512})
      for (const int batch : {1, 2, 8})
        expect_right_logits(n_tokens, {.chunk_tokens = chunk, .batch = batch});
}

TEST(Scorer, MixesDifferentSequencesIntoTheSteps) {
  FakeModel model;
  std::vector<std::vector<TokenId>> seen(8);
  model.before_step = [&](const models::Step& step) {
    ASSERT_EQ(step.sequences.size(), 8u);
    for (size_t i = 0; i < 8; ++i) {
      const auto rows = step.tokens.subspan(static_cast<size_t>(step.sequences[i].first_row),
                                            static_cast<size_t>(step.sequences[i].n_rows));
      seen[i].insert(seen[i].end(), rows.begin(), rows.end());
    }
  };
  ASSERT_TRUE(score(model, some_tokens(100), {.chunk_tokens = 10, .batch = 8},
                    [](int64_t, std::span<const float>) -> base::Status { return {}; }));
  EXPECT_EQ(seen[4], some_tokens(100));
  for (size_t i = 0; i < 8; ++i)
    for (size_t j = 0; j < i; ++j)
      EXPECT_NE(std::vector(seen[i].begin(), seen[i].begin() + 10),
                std::vector(seen[j].begin(), seen[j].begin() + 10));
}

TEST(Scorer, EndsWithTheErrorOfItsSink) {
  FakeModel model;
  int64_t n_heard = 0;
  const auto status = score(model, some_tokens(50), {.chunk_tokens = 8},
                            [&](int64_t, std::span<const float>) -> base::Status {
                              if (++n_heard == 3) return base::fail(base::Code::io_error, "the disk is full");
                              return {};
                            });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the disk is full");
  EXPECT_EQ(n_heard, 3);
}

TEST(Scorer, NamesWhatIsWrongWithTheTokens) {
  FakeModel model({.vocab_size = 97, .context_length = 100});
  const auto message = [&](std::vector<TokenId> tokens) {
    const auto status =
        score(model, tokens, {}, [](int64_t, std::span<const float>) -> base::Status { return {}; });
    return status ? std::string() : status.error().message;
  };
  EXPECT_EQ(message({}), "there are no tokens to score");
  EXPECT_EQ(message({1, 97}), "token 1 has id 97, the model knows 0 to 96");
  EXPECT_EQ(message({-1}), "token 0 has id -1, the model knows 0 to 96");
  EXPECT_EQ(message(some_tokens(101)), "there are 101 tokens to score, the model's context is 100");
}

}  // namespace
}  // namespace engine
