#include "engine/bench_runner.h"

#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "engine/fake_model.h"
#include "gtest/gtest.h"

namespace engine {
namespace {

struct SeenStep {
  int64_t n_rows;
  size_t n_sequences;
  int64_t first_position;
  bool operator==(const SeenStep&) const = default;
};
void PrintTo(const SeenStep& step, std::ostream* out) {
  *out << step.n_rows << " rows of " << step.n_sequences << " sequences at " << step.first_position;
}

// The steps of one run, those of make() left out.
std::vector<SeenStep> steps_of(const BenchCase& bench_case, int64_t chunk_tokens) {
  FakeModel model;
  std::vector<SeenStep> seen;
  const auto runner = BenchRunner::make(model, std::span(&bench_case, 1), {.chunk_tokens = chunk_tokens});
  EXPECT_TRUE(runner);
  model.before_step = [&](const models::Step& step) {
    seen.push_back(
        {static_cast<int64_t>(step.tokens.size()), step.sequences.size(), step.sequences[0].position});
  };
  const auto result = (*runner)->run(bench_case);
  EXPECT_TRUE(result);
  EXPECT_EQ(result->prefill_tokens, bench_case.prompt_tokens * bench_case.batch);
  EXPECT_EQ(result->decode_tokens, bench_case.generate_tokens * bench_case.batch);
  EXPECT_TRUE(bench_case.depth_tokens > 0 || model.n_violations == 0);
  return seen;
}

TEST(BenchRunner, ReadsThePromptAndWritesTheAnswerAtTheSameDepth) {
  const auto seen = steps_of({.prompt_tokens = 150, .generate_tokens = 3, .depth_tokens = 100}, 100);
  const std::vector<SeenStep> expected{{100, 1, 100}, {50, 1, 200}, {1, 1, 100}, {1, 1, 101}, {1, 1, 102}};
  EXPECT_EQ(seen, expected);
}

TEST(BenchRunner, DecodesTheWholeBatchInEachStep) {
  const auto seen = steps_of({.prompt_tokens = 40, .generate_tokens = 5, .batch = 7}, 100);
  ASSERT_EQ(seen.size(), 4u + 5u);  // two prompts of 40 fit a step
  EXPECT_EQ(seen[0].n_sequences, 2u);
  EXPECT_EQ(seen[3].n_sequences, 1u);
  for (size_t i = 4; i < 9; ++i) EXPECT_EQ(seen[i].n_rows, 7);
}

TEST(BenchRunner, TakesSmallChunksAndNoPromptAtAll) {
  EXPECT_EQ(steps_of({.prompt_tokens = 3, .generate_tokens = 2, .batch = 3}, 1).size(), 9u + 2u);
  EXPECT_EQ(steps_of({.prompt_tokens = 0, .generate_tokens = 2}, 512).size(), 2u);
}

// Else the report would tell of decode what prefill cost.
TEST(BenchRunner, DecodeTimeHoldsNoPrefillAndPrefillTimeNoDecode) {
  FakeModel model;
  const BenchCase bench_case{.prompt_tokens = 300, .generate_tokens = 2};
  const auto runner = BenchRunner::make(model, std::span(&bench_case, 1), {.chunk_tokens = 100}).value();
  const auto sleep_for = [&](int prompt_ms, int decode_ms) {
    model.before_step = [=](const models::Step& step) {
      std::this_thread::sleep_for(std::chrono::milliseconds(step.tokens.size() > 1 ? prompt_ms : decode_ms));
    };
  };
  sleep_for(100, 0);
  const BenchResult slow_prefill = runner->run(bench_case).value();
  EXPECT_GE(slow_prefill.prefill_seconds, 0.3);
  EXPECT_LT(slow_prefill.decode_seconds, slow_prefill.prefill_seconds);
  sleep_for(0, 150);
  const BenchResult slow_decode = runner->run(bench_case).value();
  EXPECT_GE(slow_decode.decode_seconds, 0.3);
  EXPECT_LT(slow_decode.prefill_seconds, slow_decode.decode_seconds);
}

TEST(BenchRunner, FillsTheContextWithCopiesOfOnePage) {
  FakeModel model;
  const std::vector<BenchCase> cases{{.prompt_tokens = 10, .depth_tokens = 1000},
                                     {.prompt_tokens = 10, .depth_tokens = 100, .batch = 3}};
  const auto runner = BenchRunner::make(model, cases, {}).value();
  EXPECT_LE(model.n_rows, 64 + 30);
  EXPECT_EQ(model.n_copied_pages, (1000 + 128 + 63) / 64 - 1);
}

TEST(BenchRunner, SequencesShareNoPage) {
  FakeModel model;
  const std::vector<BenchCase> cases{
      {.prompt_tokens = 10, .generate_tokens = 1, .depth_tokens = 90, .batch = 3}};
  const auto runner = BenchRunner::make(model, cases, {}).value();
  std::set<int32_t> pages;
  model.before_step = [&](const models::Step& step) {
    pages.clear();
    for (const auto& sequence : step.sequences) pages.insert(sequence.pages.begin(), sequence.pages.end());
  };
  ASSERT_TRUE(runner->run(cases[0]));
  EXPECT_EQ(pages, (std::set<int32_t>{0, 1, 2, 3, 4, 5}));
}

TEST(BenchRunner, RefusesWhatDoesNotFitTheContext) {
  FakeModel model({.vocab_size = 97, .context_length = 100});
  const std::vector<BenchCase> cases{{.prompt_tokens = 80, .generate_tokens = 80, .depth_tokens = 20},
                                     {.prompt_tokens = 50, .generate_tokens = 81, .depth_tokens = 20}};
  EXPECT_TRUE(BenchRunner::make(model, std::span(cases).first(1), {}));
  const auto refused = BenchRunner::make(model, cases, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "depth with prompt or generated tokens is 101 tokens, the model's context is 100");
}

TEST(BenchRunner, StopsWhenAskedTo) {
  FakeModel model;
  std::atomic<bool> cancelled = false;
  const BenchCase bench_case{.prompt_tokens = 10, .generate_tokens = 1000};
  const auto runner = BenchRunner::make(model, std::span(&bench_case, 1), {.cancelled = &cancelled}).value();
  const int64_t before = model.n_steps;
  model.before_step = [&](const models::Step&) { cancelled = model.n_steps == before + 2; };
  const auto stopped = runner->run(bench_case);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, base::Code::cancelled);
  EXPECT_EQ(model.n_steps, before + 3);
}

}  // namespace
}  // namespace engine
