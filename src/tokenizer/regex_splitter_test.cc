#include "tokenizer/regex_splitter.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tokenizer {
namespace {

using Pieces = std::vector<std::string>;

std::vector<std::string> pieces_of(const Splitter& splitter, std::string_view text) {
  std::vector<std::string> pieces;
  const auto keep = [&](std::string_view piece) { pieces.emplace_back(piece); };
  splitter.split(text, keep);
  return pieces;
}

Pieces split(SplitRule rule, std::string_view text) {
  auto splitter = make_regex_splitter(std::move(rule));
  EXPECT_TRUE(splitter) << (splitter ? "" : splitter.error().message);
  return splitter ? pieces_of(**splitter, text) : Pieces{};
}

std::string error_of(std::string_view pattern) {
  const auto splitter = make_regex_splitter({.pattern = std::string(pattern)});
  return splitter ? "" : splitter.error().message;
}

TEST(RegexSplitter, IsolatesMatchesAndWhatLiesBetween) {
  EXPECT_EQ(split({.pattern = R"(\d+)"}, "a12b3"), (Pieces{"a", "12", "b", "3"}));
}

TEST(RegexSplitter, RemovesMatchesOrAllButMatches) {
  EXPECT_EQ(split({.pattern = R"(\s+)", .behavior = SplitBehavior::removed}, " a  b "), (Pieces{"a", "b"}));
  EXPECT_EQ(split({.pattern = R"(\w+)", .behavior = SplitBehavior::removed, .invert = true}, " a, b "),
            (Pieces{"a", "b"}));
}

TEST(RegexSplitter, AnEmptyMatchCutsWithoutTaking) {
  EXPECT_EQ(split({.pattern = "(?=b)"}, "abcb"), (Pieces{"a", "bc", "b"}));
}

TEST(RegexSplitter, WhiteSpaceIsUnicodesNotPcres) {
  EXPECT_EQ(split({.pattern = R"(\s)"}, "a\u180Eb\u0085c"), (Pieces{"a\u180Eb", "\u0085", "c"}));
  EXPECT_EQ(split({.pattern = R"([\S]+)"}, "a\u180Eb c"), (Pieces{"a\u180Eb", " ", "c"}));
}

TEST(RegexSplitter, WordCharactersIncludeMarksAndConnectors) {
  EXPECT_EQ(split({.pattern = R"(\w+)"}, "e\u0301\u203Fx!"), (Pieces{"e\u0301\u203Fx", "!"}));
}

TEST(RegexSplitter, LineBordersAreThoseOfLines) {
  EXPECT_EQ(split({.pattern = R"(\s+$)"}, "a  \nb "), (Pieces{"a", "  ", "\nb", " "}));
}

TEST(RegexSplitter, RefusesWhatTheTwoDialectsReadDifferently) {
  EXPECT_NE(error_of(R"([a[bc]])").find("a class within a class"), std::string::npos);
  EXPECT_NE(error_of(R"([a-z&&[^b]])").find("intersection"), std::string::npos);
  EXPECT_NE(error_of(R"(a{2}+)").find("after a count"), std::string::npos);
  EXPECT_NE(error_of(R"(\bword)").find("\\b"), std::string::npos);
  EXPECT_NE(error_of(R"((a)\1)").find("\\1"), std::string::npos);
  EXPECT_NE(error_of(R"((?<name>a))").find("(?<n"), std::string::npos);
}

TEST(RegexSplitter, NamesAMalformedPattern) {
  EXPECT_EQ(error_of("(["), "the pattern '([': missing terminating ] for character class");
  EXPECT_NE(error_of(R"(\p{Nonesuch})"), "");
  EXPECT_NE(error_of("abc\\"), "");
  EXPECT_NE(error_of(std::string(100'000, 'a')), "");
}

double seconds(const SplitRule& rule, const std::string& text, size_t expected_pieces) {
  const auto splitter = make_regex_splitter(rule);
  EXPECT_TRUE(splitter);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(pieces_of(**splitter, text).size(), expected_pieces);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The engine gives up on it and the rest of the text stays one piece.
TEST(RegexSplitter, ExponentialBacktrackingEnds) {
  EXPECT_LT(seconds({.pattern = "(a+)+$"}, std::string(5000, 'a') + "b", 1), 2.0);
}

TEST(RegexSplitter, AWordOfAMillionLettersIsOnePiece) {
  EXPECT_LT(seconds({.pattern = R"([^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N})"}, std::string(1'000'000, 'a'), 1),
            2.0);
  // A repeated group, which keeps a little for each round.
  EXPECT_LT(seconds({.pattern = R"((?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+)"}, std::string(1'000'000, 'a'), 1),
            2.0);
}

}  // namespace
}  // namespace tokenizer
