#include "tokenizer/known_patterns.h"

#include <gtest/gtest.h>

#include "tests/support/small_tokenizers.h"
#include "tokenizer/regex_splitter.h"

namespace tokenizer {
namespace {

using Pieces = std::vector<std::string>;

std::vector<std::string> pieces_of(const Splitter& splitter, std::string_view text) {
  std::vector<std::string> pieces;
  const auto keep = [&](std::string_view piece) { pieces.emplace_back(piece); };
  splitter.split(text, keep);
  return pieces;
}

Pieces scan(std::string_view pattern, std::string_view text) {
  return pieces_of(*make_scanner(pattern), text);
}

TEST(Gpt2Words, AreCutAtContractionsDigitsAndTheLastBlank) {
  EXPECT_EQ(scan(kGpt2Pattern, "Hello, world! It's 12345 o'CLOCK."),
            (Pieces{"Hello", ",", " world", "!", " It", "'s", " 12345", " o", "'", "CLOCK", "."}));
  EXPECT_EQ(scan(kGpt2Pattern, "cafe\u0301  DON'T 👍🏽 ok   "),
            (Pieces{"cafe", "\u0301", " ", " DON", "'", "T", " 👍🏽", " ok", "   "}));
}

TEST(Llama3Words, TakeOneSignInFrontAndThreeDigits) {
  EXPECT_EQ(scan(kLlama3Pattern, "Hello, world! It's 12345 o'CLOCK."),
            (Pieces{"Hello", ",", " world", "!", " It", "'s", " ", "123", "45", " o", "'CLOCK", "."}));
  EXPECT_EQ(scan(kLlama3Pattern, "日本語のテキスト、カタカナ123と漢字。"),
            (Pieces{"日本語のテキスト", "、カタカナ", "123", "と漢字", "。"}));
}

TEST(Qwen2Words, KeepNewlinesTogetherAndDigitsApart) {
  EXPECT_EQ(scan(kQwen2Pattern, "한국어 문장입니다.  다음 줄\n\n  들여쓰기"),
            (Pieces{"한국어", " 문장입니다", ".", " ", " 다음", " 줄", "\n\n", " ", " 들여쓰기"}));
  EXPECT_EQ(scan(kQwen2Pattern, "价格￥1,234.5元！\r\n\tx = y->z;"),
            (Pieces{"价格", "￥", "1", ",", "2", "3", "4", ".", "5", "元", "！\r\n", "\tx", " =", " y", "->",
                    "z", ";"}));
}

TEST(Llama3Words, ContractionsIgnoreCaseEvenOfTheLongS) {
  EXPECT_EQ(scan(kLlama3Pattern, "it'\u017Fo IT'Sx"), (Pieces{"it", "'\u017F", "o", " IT", "'S", "x"}));
}

TEST(SmollmDigits, StandAloneAsDoNumeralsOfOtherScripts) {
  const auto digits = make_digits_splitter(/*individual=*/true);
  EXPECT_EQ(pieces_of(*digits, "a12½Ⅷ٣ b"), (Pieces{"a", "1", "2", "½", "Ⅷ", "٣", " b"}));
  EXPECT_EQ(pieces_of(*make_digits_splitter(/*individual=*/false), "a12 34"), (Pieces{"a", "12", " ", "34"}));
}

TEST(KnownPatterns, OtherPatternsHaveNoScanner) {
  EXPECT_EQ(make_scanner(R"(\p{L}+)"), nullptr);
}

// The scanners against the regular expression engine, on text that Unicode 14 (the engine's version) knows.
TEST(KnownPatterns, ScannersDoWhatTheirExpressionsDo) {
  tests::RandomText random(7);
  for (const std::string_view pattern : {kGpt2Pattern, kLlama3Pattern, kQwen2Pattern}) {
    const auto scanner = make_scanner(pattern);
    const auto engine = make_regex_splitter({.pattern = std::string(pattern)});
    ASSERT_TRUE(engine);
    for (int i = 0; i < 3000; ++i) {
      const std::string text = random.next(24);
      ASSERT_EQ(pieces_of(*scanner, text), pieces_of(**engine, text)) << pattern << "\n" << text;
    }
  }
}

TEST(KnownPatterns, DigitsAreWhatTheExpressionSays) {
  tests::RandomText random(8);
  const auto scanner = make_digits_splitter(/*individual=*/true);
  const auto engine = make_regex_splitter({.pattern = R"(\p{N})"});
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random.next(12);
    ASSERT_EQ(pieces_of(*scanner, text), pieces_of(**engine, text)) << text;
  }
}

}  // namespace
}  // namespace tokenizer
