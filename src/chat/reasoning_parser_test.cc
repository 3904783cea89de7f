#include "chat/reasoning_parser.h"

#include <gtest/gtest.h>

namespace chat {
namespace {

struct Case {
  bool starts_in_thinking;
  const char* text;
  const char* reasoning;
  const char* content;
};

// However the text is cut, the same comes out.
void expect(const Case& c) {
  const std::string text = c.text;
  for (size_t size = 1; size <= text.size() + 1; ++size) {
    ReasoningParser parser(c.starts_in_thinking);
    std::string reasoning, content;
    for (size_t at = 0; at < text.size(); at += size) {
      auto piece = parser.push(text.substr(at, size));
      reasoning += piece.reasoning;
      content += piece.content;
    }
    auto rest = parser.finish();
    EXPECT_EQ(reasoning + rest.reasoning, c.reasoning) << text << " in pieces of " << size;
    EXPECT_EQ(content + rest.content, c.content) << text << " in pieces of " << size;
  }
}

TEST(ReasoningParser, SplitsThoughtsFromTheAnswer) {
  expect({false, "<think>\nhm, so\n</think>\n\nyes", "hm, so", "yes"});
  expect({true, "hm, so\n</think>\n\nyes", "hm, so", "yes"});
  expect({true, "\n</think>\n\nyes", "", "yes"});
  expect({false, "  <think>a</think>b", "a", "b"});
}

TEST(ReasoningParser, AnAnswerWithoutThoughtsStaysAsItIs) {
  expect({false, "  yes\n", "", "  yes\n"});
  expect({false, "<thin ice", "", "<thin ice"});
  expect({false, " \n", "", " \n"});
  expect({false, "", "", ""});
}

TEST(ReasoningParser, MarksInPassingAreText) {
  expect({false, "the <think> mark ends with </think>, you know", "",
          "the <think> mark ends with </think>, you know"});
  expect({true, "a < b </thing> c</think>d", "a < b </thing> c", "d"});
}

TEST(ReasoningParser, AnUnclosedThoughtIsNoAnswer) {
  expect({true, "let me see", "let me see", ""});
  expect({true, "let me see </thi", "let me see </thi", ""});
  expect({false, "<think>let me\n\n", "let me", ""});
}

TEST(ReasoningParser, AThoughtMayFollowAThought) {
  expect({true, "one</think>\n<think>two</think>\nyes", "onetwo", "yes"});
}

TEST(ReasoningParser, AMarkThatRepeatsThePromptsIsDropped) {
  expect({true, "<think>\nhm</think>yes", "hm", "yes"});
}

TEST(ReasoningParser, WhiteSpaceInsideThoughtsIsKept) {
  expect({true, "a\n\n b</think>c\n\nd ", "a\n\n b", "c\n\nd "});
}

TEST(ReasoningParser, HoldsBackNoMoreThanItMust) {
  ReasoningParser parser(true);
  EXPECT_EQ(parser.push("abc").reasoning, "abc");
  EXPECT_EQ(parser.push(" ").reasoning, "");
  EXPECT_EQ(parser.push("d</").reasoning, " d");
  EXPECT_TRUE(parser.is_outside_answer());
  EXPECT_EQ(parser.push("think>").reasoning, "");
  EXPECT_TRUE(parser.is_outside_answer());
  EXPECT_EQ(parser.push("e").content, "e");
  EXPECT_FALSE(parser.is_outside_answer());
}

}  // namespace
}  // namespace chat
