#include "tokenizer/added_tokens.h"

#include <gtest/gtest.h>

namespace tokenizer {
namespace {

struct Finder {
  AddedTokenFinder finder;
  Finder(std::initializer_list<AddedToken> tokens) {
    for (const AddedToken& token : tokens) EXPECT_TRUE(finder.add(token, token.content));
  }
  // The parts with '|' between them, added tokens as <id>.
  std::string split(std::string_view text, const Provenance& provenance = Provenance::all_trusted()) const {
    std::string shown;
    for (const auto& part : finder.split(text, provenance)) {
      if (!shown.empty()) shown += '|';
      shown += part.added ? "<" + std::to_string(*part.added) + ">"
                          : std::string(text.substr(part.range.begin, part.range.end - part.range.begin));
    }
    return shown;
  }
};

Provenance trusted(std::initializer_list<ByteRange> ranges) {
  Provenance provenance;
  for (const ByteRange& range : ranges) provenance.trust(range);
  return provenance;
}

TEST(AddedTokens, TheLongestOfThoseThatStartTogetherWins) {
  const Finder finder{{.content = "<tool", .id = 1}, {.content = "<tool_call>", .id = 2}};
  EXPECT_EQ(finder.split("a<tool_call>b<tool_c"), "a|<2>|b|<1>|_c");
}

TEST(AddedTokens, TheLeftmostOfOverlappingOnesWins) {
  const Finder finder{{.content = "[[x", .id = 1}, {.content = "x]]", .id = 2}};
  EXPECT_EQ(finder.split("[[x]]x]]"), "<1>|]]|<2>");
}

TEST(AddedTokens, StripTakesTheWhiteSpaceAroundThem) {
  const Finder finder{{.content = "<L>", .id = 1, .lstrip = true},
                      {.content = "<R>", .id = 2, .rstrip = true},
                      {.content = "<N>", .id = 3}};
  EXPECT_EQ(finder.split("a \u3000<L> b"), "a|<1>| b");
  EXPECT_EQ(finder.split("a <R>\n b"), "a |<2>|b");
  EXPECT_EQ(finder.split("<R>  <L>"), "<2>|<1>");
  EXPECT_EQ(finder.split("a <N> b"), "a |<3>| b");
}

TEST(AddedTokens, SingleWordsTouchNoOtherWord) {
  const Finder finder{{.content = "word", .id = 1, .single_word = true}};
  EXPECT_EQ(finder.split("word words aword \u0301word word"), "<1>| words aword \u0301word |<1>");
}

TEST(AddedTokens, AnUntrustedByteHidesAnOccurrence) {
  const Finder finder{{.content = "<tool", .id = 1}, {.content = "<tool_call>", .id = 2}};
  const std::string_view text = "<tool_call>";
  EXPECT_EQ(finder.split(text, Provenance::nothing_trusted()), text);
  EXPECT_EQ(finder.split(text, trusted({{0, 6}})), "<1>|_call>");  // the shorter one is not hidden with it
  EXPECT_EQ(finder.split(text, trusted({{0, 4}, {4, 11}})), "<2>");
}

TEST(AddedTokens, WhiteSpaceTokensMatchInAnyText) {
  const Finder finder{{.content = "\n\n", .id = 1}, {.content = "▁▁", .id = 2}, {.content = "<x>", .id = 3}};
  EXPECT_EQ(finder.split("a\n\n▁▁<x>", Provenance::nothing_trusted()), "a|<1>|<2>|<x>");
}

TEST(AddedTokens, TheWhiteSpaceTheyTakeMayBeOfAnyOrigin) {
  const Finder finder{{.content = "<L>", .id = 1, .lstrip = true}};
  EXPECT_EQ(finder.split("a  <L>", trusted({{3, 6}})), "a|<1>");
}

TEST(AddedTokens, AVeryLongOneIsRefused) {
  AddedTokenFinder finder;
  const AddedToken token{.content = std::string(kMaxAddedTokenBytes + 1, 'x')};
  EXPECT_FALSE(finder.add(token, token.content));
}

TEST(AddedTokens, AnEmptyOneIsNeverFound) {
  const Finder finder{{.content = "", .id = 1}};
  EXPECT_TRUE(finder.finder.empty());
  EXPECT_EQ(finder.split("ab"), "ab");
}

}  // namespace
}  // namespace tokenizer
