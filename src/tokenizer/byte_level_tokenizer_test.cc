// What holds for any text and any ids, on random ones.
#include "tokenizer/byte_level_tokenizer.h"

#include <gtest/gtest.h>

#include "tests/support/small_tokenizers.h"
#include "tokenizer/byte_alphabet.h"

namespace tokenizer {
namespace {

using Ids = std::vector<TokenId>;

class AnyTokenizer : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    tokenizer_ = tests::small_tokenizer(GetParam());
    ASSERT_NE(tokenizer_, nullptr);
    for (TokenId id = 0; id < tokenizer_->size(); ++id)
      if (is_added(id)) marks_.push_back(tokenizer_->token_spelling(id));
  }
  // The small tokenizers have only added tokens beyond their first 1200 ids (1500 with Llama 3's pattern),
  // and a few special ones at the start.
  bool is_added(TokenId id) const {
    const TokenId first = std::string_view(GetParam()) == "small-llama3" ? 1500 : 1200;
    return id >= first || tokenizer_->is_special(id);
  }
  // Random text with added tokens, whole and in pieces, strewn in.
  std::string text() {
    std::string result = random_.next(12);
    for (size_t n = random_.below(4); n > 0; --n) {
      const std::string& mark = marks_[random_.below(marks_.size())];
      result += mark.substr(random_.below(2), random_.below(3) == 0 ? 3 : std::string::npos);
      result += random_.next(6);
    }
    return result;
  }
  Ids random_ids() {
    Ids ids;
    for (size_t n = random_.below(12); n > 0; --n)
      ids.push_back(static_cast<TokenId>(random_.below(static_cast<size_t>(tokenizer_->size()) + 3)));
    return ids;
  }
  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<std::string> marks_;
  tests::RandomText random_{11};
};

constexpr Tokenizer::EncodeOptions kPlain{.find_added_tokens = true, .add_special = false};
constexpr Tokenizer::EncodeOptions kNothingTrusted{.find_added_tokens = false, .add_special = false};

TEST_P(AnyTokenizer, StrictWithEverythingTrustedIsEncode) {
  for (int i = 0; i < 2000; ++i) {
    const std::string a = text(), b = text();
    const Segment segments[] = {{a, true}, {b, true}};
    ASSERT_EQ(tokenizer_->encode_strict(segments), tokenizer_->encode(a + b, kPlain)) << a << b;
  }
}

TEST_P(AnyTokenizer, WithNothingTrustedNoAddedTokenAppears) {
  for (int i = 0; i < 2000; ++i) {
    const std::string a = text(), b = text();
    const Segment segments[] = {{a, false}, {b, false}};
    const Ids ids = tokenizer_->encode_strict(segments);
    for (const TokenId id : ids) ASSERT_FALSE(is_added(id)) << a << b;
    ASSERT_EQ(ids, tokenizer_->encode(a + b, kNothingTrusted));
  }
}

TEST_P(AnyTokenizer, TheBordersOfSegmentsMeanNothing) {
  for (int i = 0; i < 1000; ++i) {
    const std::string whole = text();
    const size_t cut = random_.below(whole.size() + 1);
    const Segment halves[] = {{std::string_view(whole).substr(0, cut), false},
                              {std::string_view(whole).substr(cut), false}};
    ASSERT_EQ(tokenizer_->encode_strict(halves), tokenizer_->encode(whole, kNothingTrusted)) << whole;
  }
}

TEST_P(AnyTokenizer, StreamedPiecesJoinToTheDecodedText) {
  for (int i = 0; i < 2000; ++i) {
    const Ids ids = random_ids();
    for (const bool skip_special : {false, true}) {
      const auto detokenizer = tokenizer_->make_detokenizer(skip_special);
      std::string joined;
      for (const TokenId id : ids) {
        joined += detokenizer->push(id);
        ASSERT_TRUE(base::is_valid_utf8(joined));
      }
      joined += detokenizer->finish();
      ASSERT_EQ(joined, tokenizer_->decode(ids, skip_special));
    }
  }
}

TEST_P(AnyTokenizer, WhatIsEncodedDecodesToItsNormalForm) {
  const auto form = std::string_view(GetParam()) == "small-qwen2" ? Normalization::nfc : Normalization::none;
  for (int i = 0; i < 1000; ++i) {
    const std::string any = random_.next(30);
    ASSERT_EQ(tokenizer_->decode(tokenizer_->encode(any, kNothingTrusted), false), normalize(form, any));
  }
}

INSTANTIATE_TEST_SUITE_P(Small, AnyTokenizer, testing::Values("small-gpt2", "small-llama3", "small-qwen2"),
                         [](const auto& info) { return std::string(info.param).substr(6); });

TEST(Qwen2Tokenizer, ComposedAndDecomposedTextGiveTheSameIds) {
  const auto tokenizer = tests::small_tokenizer("small-qwen2");
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->encode("\u1112\u1161\u11ab\u1100\u116e\u11a8", kPlain),
            tokenizer->encode("한국", kPlain));
  EXPECT_EQ(tokenizer->encode("Nga\u0302n ha\u0300ng", kPlain), tokenizer->encode("Ngân hàng", kPlain));
}

TEST(StrictEncoding, AMarkPutTogetherOfTwoHalvesIsNone) {
  const auto tokenizer = tests::small_tokenizer("small-gpt2");
  ASSERT_NE(tokenizer, nullptr);
  const Segment forged[] = {{"<|im_end|>", true}, {"<|im_", false}, {"end|>", true}, {"<|im_end|>", false}};
  const Ids ids = tokenizer->encode_strict(forged);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *tokenizer->find_token("<|im_end|>")), 1);
  EXPECT_EQ(tokenizer->decode(ids, false), "<|im_end|><|im_end|><|im_end|>");
}

TEST(Encoding, IllFormedBytesBecomeReplacementCharacters) {
  const auto tokenizer = tests::small_tokenizer("small-gpt2");
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->encode("a\xF0\x9F\x98", kPlain), tokenizer->encode("a\uFFFD", kPlain));
}

TEST(ByteAlphabet, SpellsEveryByteAndBack) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    std::string spelling, back;
    append_byte_spelling(spelling, bytes);
    EXPECT_TRUE(base::is_valid_utf8(spelling));
    ASSERT_TRUE(append_spelled_bytes(back, spelling));
    EXPECT_EQ(back, bytes);
  }
  std::string spelling, kept = "kept";
  append_byte_spelling(spelling, " \n");
  EXPECT_EQ(spelling, "ĠĊ");
  EXPECT_FALSE(append_spelled_bytes(kept, "ab｜"));
  EXPECT_EQ(kept, "kept");
}

}  // namespace
}  // namespace tokenizer
