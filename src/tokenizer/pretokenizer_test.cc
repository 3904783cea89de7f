#include "tokenizer/pretokenizer.h"

#include <gtest/gtest.h>

namespace tokenizer {
namespace {

using Pieces = std::vector<std::string>;

base::Result<PreTokenizer> parse(std::string_view json) {
  const base::Json object = *base::Json::parse(json);
  return PreTokenizer::parse(&object);
}

Pieces split(std::string_view json, std::string_view text) {
  const auto pre_tokenizer = parse(json);
  EXPECT_TRUE(pre_tokenizer) << (pre_tokenizer ? "" : pre_tokenizer.error().message);
  Pieces pieces;
  if (!pre_tokenizer) return pieces;
  const auto keep = [&](std::string_view piece) { pieces.emplace_back(piece); };
  pre_tokenizer->split(text, keep);
  return pieces;
}

std::string error_of(std::string_view json) {
  const auto pre_tokenizer = parse(json);
  return pre_tokenizer ? "" : pre_tokenizer.error().message;
}

TEST(PreTokenizer, ByteLevelSplitsWordsUnlessToldNotTo) {
  EXPECT_EQ(split(R"({"type":"ByteLevel","add_prefix_space":false})", "a b"), (Pieces{"a", " b"}));
  EXPECT_EQ(split(R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false})", "a b"),
            (Pieces{"a b"}));
}

TEST(PreTokenizer, ByteLevelPutsOneSpaceInFront) {
  constexpr auto kJson = R"({"type":"ByteLevel","add_prefix_space":true,"use_regex":true})";
  EXPECT_EQ(split(kJson, "a b"), (Pieces{" a", " b"}));
  EXPECT_EQ(split(kJson, " a"), (Pieces{" a"}));
}

TEST(PreTokenizer, ASequenceCutsThePiecesOfTheStepBefore) {
  EXPECT_EQ(split(R"({"type":"Sequence","pretokenizers":[
      {"type":"Digits","individual_digits":true},
      {"type":"Split","pattern":{"String":"."},"behavior":"Isolated","invert":false},
      {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})",
                  "ab12.c"),
            (Pieces{"ab", "1", "2", ".", "c"}));
}

TEST(PreTokenizer, RemovedMatchesLeaveNoPiece) {
  EXPECT_EQ(split(R"({"type":"Sequence","pretokenizers":[
      {"type":"Split","pattern":{"Regex":"\\s+"},"behavior":"Removed","invert":false},
      {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})",
                  " a  b"),
            (Pieces{"a", "b"}));
}

TEST(PreTokenizer, WhatIsNotThereIsNamed) {
  EXPECT_NE(error_of(R"({"type":"Metaspace"})").find("'Metaspace'"), std::string::npos);
  EXPECT_NE(error_of(R"({"type":"Sequence","pretokenizers":[{"type":"Whitespace"},{"type":"ByteLevel"}]})")
                .find("'Whitespace'"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"type":"Sequence","pretokenizers":[
      {"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious"},{"type":"ByteLevel"}]})")
                .find("'MergedWithPrevious'"),
            std::string::npos);
}

TEST(PreTokenizer, ByteLevelMustComeLast) {
  EXPECT_NE(error_of("null").find("ByteLevel"), std::string::npos);
  EXPECT_NE(error_of(R"({"type":"Digits"})").find("ByteLevel"), std::string::npos);
  EXPECT_NE(error_of(R"({"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]})")
                .find("last"),
            std::string::npos);
}

TEST(PreTokenizer, ItsDescriptionNamesEachStep) {
  const auto pre_tokenizer = parse(R"({"type":"Sequence","pretokenizers":[
      {"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false}]})");
  ASSERT_TRUE(pre_tokenizer);
  EXPECT_EQ(pre_tokenizer->description(), "single digits, then GPT-2 words");
}

}  // namespace
}  // namespace tokenizer
