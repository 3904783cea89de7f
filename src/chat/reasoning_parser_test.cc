#include "chat/reasoning_parser.h"

#include <gtest/gtest.h>

#include <chrono>

namespace chat {
namespace {

struct Split {
  std::string reasoning, content;
  bool operator==(const Split&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Split& s) {
  return out << "[" << s.reasoning << "|" << s.content << "]";
}

Split split(std::string_view text, bool inside, size_t cut) {
  ReasoningParser parser(inside);
  Split result;
  const auto add = [&](const ReasoningParser::Piece& piece) {
    result.reasoning += piece.reasoning;
    result.content += piece.content;
  };
  for (size_t at = 0; at < text.size(); at += cut) add(parser.push(text.substr(at, cut)));
  add(parser.finish());
  return result;
}

// The same result for every cut.
Split split(std::string_view text, bool inside) {
  const Split whole = split(text, inside, text.size() + 1);
  for (size_t cut = 1; cut <= text.size(); ++cut) EXPECT_EQ(split(text, inside, cut), whole) << "cut " << cut;
  return whole;
}

TEST(ReasoningParser, PartsThoughtsFromTheAnswer) {
  EXPECT_EQ(split("<think>\nfirst\nthen\n</think>\n\nThe answer.", false),
            (Split{"first\nthen", "The answer."}));
}

TEST(ReasoningParser, BeginsInsideWhenThePromptDid) {
  EXPECT_EQ(split("first\n</think>\n\nThe answer.\n", true), (Split{"first", "The answer.\n"}));
}

TEST(ReasoningParser, LeavesAnAnswerWithoutThoughtsAsItIs) {
  EXPECT_EQ(split(" \n The <think> mark </think> opens.", false),
            (Split{"", " \n The <think> mark </think> opens."}));
  EXPECT_EQ(split("<thin", false), (Split{"", "<thin"}));
  EXPECT_EQ(split("", false), (Split{"", ""}));
}

TEST(ReasoningParser, ThoughtsThatNeverEndAreAllThoughts) {
  EXPECT_EQ(split("<think>\nI wonder </thi", false), (Split{"I wonder </thi", ""}));
  EXPECT_EQ(split("I wonder", true), (Split{"I wonder", ""}));
  EXPECT_EQ(split("I wonder\n", true), (Split{"I wonder", ""}));
}

TEST(ReasoningParser, EmptyThoughtsLeaveNothing) {
  EXPECT_EQ(split("<think>\n\n</think>\n\nHello", false), (Split{"", "Hello"}));
  EXPECT_EQ(split("</think>Hello", true), (Split{"", "Hello"}));
}

TEST(ReasoningParser, OnlyTheFirstCloseCounts) {
  EXPECT_EQ(split("a </think> b </think> c <think> d", true), (Split{"a", "b </think> c <think> d"}));
}

TEST(ReasoningParser, KeepsBlanksInsideOfThoughts) {
  EXPECT_EQ(split("<think>a\n\n  b < c\n</think>d", false), (Split{"a\n\n  b < c", "d"}));
}

TEST(ReasoningParser, GivesOutTextAsSoonAsItIsCertain) {
  ReasoningParser parser(false);
  EXPECT_EQ(parser.push("<think>hello ").reasoning, "hello");
  EXPECT_TRUE(parser.inside());
  EXPECT_EQ(parser.push("world<").reasoning, " world");
  EXPECT_EQ(parser.push("b").reasoning, "<b");
  EXPECT_EQ(parser.push("</think>").reasoning, "");
  EXPECT_FALSE(parser.inside());
  EXPECT_EQ(parser.push("\nyes").content, "yes");
}

TEST(ReasoningParser, ThePromptDecidesWhereTheOutputBegins) {
  EXPECT_TRUE(ReasoningParser::starts_inside("<|im_start|>assistant\n<think>\n"));
  EXPECT_TRUE(ReasoningParser::starts_inside("<think>"));
  EXPECT_FALSE(ReasoningParser::starts_inside("<|im_start|>assistant\n<think>\n\n</think>\n\n"));
  EXPECT_FALSE(ReasoningParser::starts_inside("<|im_start|>assistant\n"));
  EXPECT_FALSE(ReasoningParser::starts_inside(""));
}

TEST(ReasoningParser, AModelMayOpenItsThoughtsOnceMore) {
  EXPECT_EQ(split("\n<think>\na</think>b", true), (Split{"a", "b"}));
  EXPECT_EQ(split("<thi", true), (Split{"<thi", ""}));
}

TEST(ReasoningParser, IsLinearInMarksThatNeverFinish) {
  std::string text;
  while (text.size() < (1u << 20)) text += "</think \n";
  const auto begin = std::chrono::steady_clock::now();
  const Split result = split(text, true, 7);
  EXPECT_EQ(result.reasoning.size(), text.size() - 2);
  EXPECT_EQ(result.content, "");
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 1.0);
}

TEST(ReasoningParser, IsLinearInBlanks) {
  const std::string blanks(1u << 18, '\n');
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(split("a" + blanks + "b</think>c", true, 1), (Split{"a" + blanks + "b", "c"}));
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 1.0);
}

}  // namespace
}  // namespace chat
