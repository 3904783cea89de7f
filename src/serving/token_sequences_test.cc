#include "serving/token_sequences.h"

#include <gtest/gtest.h>

#include "tests/support/byte_tokenizer.h"

namespace serving {
namespace {

using Sequences = std::vector<std::vector<sampling::TokenId>>;

std::vector<sampling::TokenId> bytes(const std::string& text) {
  return tests::ByteTokenizer().encode(text, {.find_added_tokens = false, .add_special = false});
}

TEST(TokenSequences, BadWordsAreThoseWithASpaceBeforeAndWithout) {
  const tests::ByteTokenizer tokenizer;
  const auto sequences = bad_word_sequences(tokenizer, {"ab", " ab"});
  EXPECT_EQ(sequences.value(), (Sequences{bytes("ab"), bytes(" ab")}));
  EXPECT_FALSE(bad_word_sequences(tokenizer, {""}));
}

TEST(TokenSequences, ABreakerIsAnyTokenThatHoldsIt) {
  const tests::ByteTokenizer tokenizer;
  EXPECT_EQ(breaker_sequences(tokenizer, {"\n"}), (Sequences{bytes("\n")}));
}

TEST(TokenSequences, ABreakerMayBeginAtTheEndOfAToken) {
  const tests::ByteTokenizer tokenizer;
  EXPECT_EQ(breaker_sequences(tokenizer, {"abc"}), (Sequences{bytes("abc")}));
  // "aa" may begin in the token "a" alone.
  EXPECT_EQ(breaker_sequences(tokenizer, {"aa", ""}), (Sequences{bytes("aa")}));
}

}  // namespace
}  // namespace serving
