#include "serving/answer_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "tests/support/byte_tokenizer.h"

namespace serving {
namespace {

using tests::ByteTokenizer;

struct Answer {
  std::string reasoning, content, logprob_bytes;
  bool stopped = false;
  bool whole_characters = true;  // in every event
};

// What comes of `text` with one token a byte, marks being tokens of their own.
Answer answer(const std::string& text, bool starts_in_thinking, std::vector<std::string> stop) {
  const ByteTokenizer tokenizer;
  const GenerationOptions options{.stop = std::move(stop), .n_top_logprobs = 0, .split_reasoning = true};
  AnswerText pipeline(&tokenizer, options, starts_in_thinking);
  Answer out;
  const auto take = [&](const Event& event) {
    out.whole_characters &= base::is_valid_utf8(event.content) && base::is_valid_utf8(event.reasoning);
    out.content += event.content;
    out.reasoning += event.reasoning;
    for (const TokenLogprob& token : event.logprobs) out.logprob_bytes += token.bytes;
    EXPECT_LE(out.logprob_bytes.size(), out.content.size());
  };
  for (TokenId id : tokenizer.encode(text, {.find_added_tokens = true, .add_special = false})) {
    Event event;
    pipeline.push({id, -1.0f, {}}, event);
    take(event);
    if (pipeline.stop_string()) break;
  }
  Event last;
  pipeline.finish(last);
  take(last);
  out.stopped = pipeline.stop_string().has_value();
  return out;
}

std::string random_text(std::mt19937& random, size_t n_characters) {
  static constexpr char32_t kFirst[] = {U'a', U'가', U'あ', U'漢', U'é', U'😀', U' ', U'ب'};
  std::string out;
  for (size_t i = 0; i < n_characters; ++i)
    base::append_utf8(out, kFirst[random() % std::size(kFirst)] + random() % 20);
  return out;
}

TEST(AnswerText, AThousandTextsOfManyBytesArriveWhole) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::string text = random_text(random, 1 + random() % 30);
    const Answer result = answer(text, false, {});
    EXPECT_EQ(result.content, text);
    EXPECT_EQ(result.logprob_bytes, text);
    EXPECT_TRUE(result.whole_characters) << text;
  }
}

TEST(AnswerText, NothingOfAStopStringLeavesWhereverItStands) {
  std::mt19937 random(2);
  for (int i = 0; i < 500; ++i) {
    const std::string before = random_text(random, random() % 10), stop = "멈춤<X>";
    // A false start in front makes the search begin again.
    const std::string text = before + "멈춤<" + stop + random_text(random, 5);
    const Answer result = answer(text, false, {"never", stop});
    EXPECT_EQ(result.content, before + "멈춤<");
    EXPECT_EQ(result.logprob_bytes, result.content);
    EXPECT_TRUE(result.stopped);
    EXPECT_TRUE(result.whole_characters);
  }
}

TEST(AnswerText, ThoughtsMayHoldAStopStringAndTheAnswerMayNot) {
  const Answer result = answer("first. then.</think>\n\nyes. no.", true, {"."});
  EXPECT_EQ(result.reasoning, "first. then.");
  EXPECT_EQ(result.content, "yes");
  EXPECT_EQ(result.logprob_bytes, "yes");
}

TEST(AnswerText, AStopStringThatLooksLikeAMarkDoesNotTouchTheMark) {
  const Answer result = answer("hm</think>a</thing", true, {"</th"});
  EXPECT_EQ(result.reasoning, "hm");
  EXPECT_EQ(result.content, "a");
}

TEST(AnswerText, ACutInsideACharacterShowsOneReplacementAtTheEnd) {
  const Answer result = answer(std::string("a\xEA\xB0"), false, {});
  EXPECT_EQ(result.content, "a\xEF\xBF\xBD");
  EXPECT_TRUE(result.whole_characters);
}

}  // namespace
}  // namespace serving
