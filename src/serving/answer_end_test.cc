#include "serving/answer_end.h"

#include <gtest/gtest.h>

#include <vector>

namespace serving {
namespace {

using std::chrono::milliseconds;

// How many of `tokens` are taken until the answer ends, and by what.
struct End {
  int64_t n_tokens = 0;
  EndedBy by = EndedBy::nothing;
};
End end_of(const std::vector<TokenId>& tokens, const GenerationOptions& options) {
  AnswerEnd end(options, {99});
  for (const TokenId id : tokens)
    if (const EndedBy by = end.after(id, false); by != EndedBy::nothing) return {end.n_tokens(), by};
  return {end.n_tokens(), EndedBy::nothing};
}

TEST(AnswerEnd, IsAStopId) {
  const End end = end_of({1, 2, 99, 3}, {});
  EXPECT_EQ(end.by, EndedBy::stop_id);
  EXPECT_EQ(end.n_tokens, 3);
}

TEST(AnswerEnd, IsTheLastTimeThatAPatternMayCome) {
  const std::vector<TokenId> tokens = {7, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
  const auto stop_at = [&](int64_t min_size, int64_t max_size, int64_t min_count) {
    return end_of(tokens, {.repetition_stop = {min_size, max_size, min_count}}).n_tokens;
  };
  EXPECT_EQ(stop_at(1, 3, 2), 7);
  EXPECT_EQ(stop_at(1, 3, 3), 10);
  EXPECT_EQ(stop_at(0, 20, 4), 13);
  EXPECT_EQ(stop_at(1, 2, 2), 13);  // the pattern is longer
  EXPECT_EQ(stop_at(4, 5, 2), 13);  // and shorter; twice it is six tokens
  EXPECT_EQ(stop_at(4, 6, 2), 13);
  EXPECT_EQ(stop_at(1, 3, 1), 13);  // once is no repetition
  EXPECT_EQ(end_of(tokens, {.repetition_stop = {4, 6, 2}}).by, EndedBy::repetition);
  EXPECT_EQ(end_of(tokens, {.repetition_stop = {4, 5, 2}}).by, EndedBy::nothing);
}

TEST(AnswerEnd, TimeRunsFromTheFirstTokenAndEndsAtALineBreak) {
  AnswerEnd::Clock::time_point now{};
  AnswerEnd end({.max_predict_ms = 100}, {}, [&] { return now; });
  now += milliseconds(1000);
  EXPECT_EQ(end.after(1, false), EndedBy::nothing);
  now += milliseconds(99);
  EXPECT_EQ(end.after(1, true), EndedBy::nothing);
  now += milliseconds(1);
  EXPECT_EQ(end.after(1, false), EndedBy::nothing);
  EXPECT_EQ(end.after(1, true), EndedBy::time_limit);
}

}  // namespace
}  // namespace serving
