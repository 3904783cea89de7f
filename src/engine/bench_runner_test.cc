#include "engine/bench_runner.h"

#include <vector>

#include "engine/fake_model.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

struct SeenStep {
  int64_t n_rows;
  size_t n_sequences;
  int64_t first_position;
};

std::vector<SeenStep> steps_of(const BenchOptions& options) {
  FakeModel model;
  std::vector<SeenStep> seen;
  model.before_step = [&](const models::Step& step) {
    seen.push_back(
        {static_cast<int64_t>(step.tokens.size()), step.sequences.size(), step.sequences[0].position});
  };
  const auto result = run_bench(model, options);
  EXPECT_TRUE(result);
  EXPECT_EQ(model.n_violations, 0);
  EXPECT_EQ(result->prefill_tokens, options.prompt_tokens * options.batch);
  EXPECT_EQ(result->decode_tokens, options.generate_tokens * options.batch);
  EXPECT_GT(result->decode_tokens_per_second(), 0);
  return seen;
}

TEST(BenchRunner, FillsTheDepthThenReadsThePromptThenWrites) {
  const auto seen =
      steps_of({.prompt_tokens = 150, .generate_tokens = 3, .depth_tokens = 100, .chunk_tokens = 100});
  const std::vector<std::pair<int64_t, int64_t>> expected{{100, 0}, {100, 100}, {50, 200},
                                                          {1, 250}, {1, 251},   {1, 252}};
  ASSERT_EQ(seen.size(), expected.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].n_rows, expected[i].first) << i;
    EXPECT_EQ(seen[i].first_position, expected[i].second) << i;
  }
}

TEST(BenchRunner, DecodesTheWholeBatchInEachStep) {
  const auto seen = steps_of({.prompt_tokens = 40, .generate_tokens = 5, .batch = 7, .chunk_tokens = 100});
  ASSERT_EQ(seen.size(), 4u + 5u);  // two prompts of 40 fit a step
  EXPECT_EQ(seen[0].n_sequences, 2u);
  EXPECT_EQ(seen[3].n_sequences, 1u);
  for (size_t i = 4; i < 9; ++i) EXPECT_EQ(seen[i].n_rows, 7);
}

TEST(BenchRunner, TakesSmallChunksAndNoPromptAtAll) {
  EXPECT_EQ(steps_of({.prompt_tokens = 3, .generate_tokens = 2, .batch = 3, .chunk_tokens = 1}).size(),
            9u + 2u);
  EXPECT_EQ(steps_of({.prompt_tokens = 0, .generate_tokens = 2}).size(), 2u);
}

TEST(BenchRunner, RefusesWhatDoesNotFitTheContext) {
  FakeModel model({.vocab_size = 97, .context_length = 100});
  const auto refused = run_bench(model, {.prompt_tokens = 50, .generate_tokens = 31, .depth_tokens = 20});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "depth, prompt and generated tokens are 101 in all, the model's context is 100");
}

TEST(BenchRunner, StopsWhenAskedTo) {
  FakeModel model;
  std::atomic<bool> cancelled = false;
  model.before_step = [&](const models::Step&) { cancelled = model.n_steps == 2; };
  const auto stopped =
      run_bench(model, {.prompt_tokens = 10, .generate_tokens = 1000, .cancelled = &cancelled});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, base::Code::cancelled);
  EXPECT_EQ(model.n_steps, 3);
}

}  // namespace
}  // namespace engine
