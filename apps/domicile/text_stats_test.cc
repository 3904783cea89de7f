#include "apps/domicile/text_stats.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

TEST(Rates, CountWhatWasComputed) {
  engine::Timings timings;
  timings.prompt_tokens = 30;
  timings.cached_prompt_tokens = 10;
  timings.generated_tokens = 11;
  timings.prefill_seconds = 2;
  timings.decode_seconds = 5;
  EXPECT_EQ(prefill_rate(timings), 10);
  EXPECT_EQ(decode_rate(timings), 2);
  EXPECT_EQ(stats_line(timings),
            "prompt 30 tokens (10 cached), 10.0 tokens/s; answer 11 tokens, 2.0 tokens/s");
  timings.drafted_tokens = 9;
  timings.accepted_tokens = 5;
  EXPECT_EQ(stats_line(timings),
            "prompt 30 tokens (10 cached), 10.0 tokens/s; answer 11 tokens, 2.0 tokens/s (5 of 9 drafts "
            "right)");
}

TEST(Rates, AreNothingWithoutTimeOrTokens) {
  EXPECT_EQ(prefill_rate({}), 0);
  EXPECT_EQ(decode_rate({}), 0);
  engine::Timings one_token;
  one_token.generated_tokens = 1;
  one_token.decode_seconds = 1;
  EXPECT_EQ(decode_rate(one_token), 0) << "the first belongs to prefill";
}

TEST(Harmless, TakesAwayWhatATerminalWouldObey) {
  EXPECT_EQ(harmless("a\tb\nc"), "a\tb\nc");
  EXPECT_EQ(harmless("\x1b]0;title\x07"), "\uFFFD]0;title\uFFFD");
  EXPECT_EQ(harmless("\r\x7f\u009b漢é"), "\uFFFD\uFFFD\uFFFD漢é");
}

}  // namespace
}  // namespace apps
