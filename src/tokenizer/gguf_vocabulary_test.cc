#include <gtest/gtest.h>

#include "tokenizer/tokenizer.h"

namespace tokenizer {
namespace {

using Ids = std::vector<TokenId>;

GgufVocabulary small_vocabulary(std::string pre = "gpt-2") {
  return {.model = "gpt2",
          .pre = std::move(pre),
          .tokens = {"<|endoftext|>", "a", "b", "1", "2", "ab", "12", "Ġ", "<|im_end|>", "<tool>"},
          .token_types = {3, 1, 1, 1, 1, 1, 1, 1, 3, 4},
          .merges = {"a b", "1 2"},
          .bos_id = 0,
          .eos_id = 0};
}

Ids encode(const GgufVocabulary& vocabulary, std::string_view text) {
  const auto loaded = Tokenizer::from_gguf(vocabulary);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  return loaded ? (*loaded)->encode(text, {}) : Ids{};
}

std::string error_of(const GgufVocabulary& vocabulary) {
  const auto loaded = Tokenizer::from_gguf(vocabulary);
  return loaded ? "" : loaded.error().message;
}

TEST(GgufVocabulary, ThePreTokenizersNameDecidesTheSplit) {
  EXPECT_EQ(encode(small_vocabulary("gpt-2"), "ab 12"), (Ids{5, 7, 6}));
  EXPECT_EQ(encode(small_vocabulary("smollm"), "ab12"), (Ids{5, 3, 4}));
  EXPECT_EQ(encode(small_vocabulary("qwen2"), "ab12"), (Ids{5, 3, 4}));
  EXPECT_EQ(encode(small_vocabulary("glm4"), "ab12"), (Ids{5, 6}));
}

TEST(GgufVocabulary, ControlAndUserDefinedTokensAreAddedOnes) {
  const auto loaded = Tokenizer::from_gguf(small_vocabulary());
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->encode("a<|im_end|><tool>", {}), (Ids{1, 8, 9}));
  EXPECT_TRUE((*loaded)->is_special(8));
  EXPECT_FALSE((*loaded)->is_special(9));
  EXPECT_EQ((*loaded)->encode("<tool>", {.find_added_tokens = false}),
            Ids{});  // no byte tokens for it in here
}

TEST(GgufVocabulary, BosIsAddedWhereTheFileOrTheFamilySaysSo) {
  GgufVocabulary vocabulary = small_vocabulary();
  EXPECT_EQ(encode(vocabulary, "a"), (Ids{1}));
  vocabulary.add_bos = true;
  vocabulary.add_eos = true;
  EXPECT_EQ(encode(vocabulary, "a"), (Ids{0, 1, 0}));
  EXPECT_EQ(encode(small_vocabulary("llama-bpe"), "a"), (Ids{0, 1}));
  vocabulary = small_vocabulary("llama-bpe");
  vocabulary.add_bos = false;
  EXPECT_EQ(encode(vocabulary, "a"), (Ids{1}));
  vocabulary.add_bos = true;
  vocabulary.bos_id.reset();
  EXPECT_NE(error_of(vocabulary).find("add_bos_token"), std::string::npos);
}

TEST(GgufVocabulary, TheEndTokensIncludeTurnEndsKnownByName) {
  GgufVocabulary vocabulary = small_vocabulary();
  EXPECT_EQ((*Tokenizer::from_gguf(vocabulary))->end_tokens(), (Ids{0, 8}));
  vocabulary.eot_id = 9;
  EXPECT_EQ((*Tokenizer::from_gguf(vocabulary))->end_tokens(), (Ids{0, 9}));
  EXPECT_EQ((*Tokenizer::from_gguf(vocabulary))->bos(), 0);
}

TEST(GgufVocabulary, QwenTextIsComposedFirst) {
  GgufVocabulary vocabulary = small_vocabulary("qwen2");
  vocabulary.tokens.insert(vocabulary.tokens.end(), {"Ã", "©"});
  vocabulary.token_types.insert(vocabulary.token_types.end(), {1, 1});
  EXPECT_EQ(encode(vocabulary, "e\u0301"), (Ids{10, 11}));
}

TEST(GgufVocabulary, NamesAModelOrPreTokenizerThatIsNotThere) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.model = "llama";
  EXPECT_NE(error_of(vocabulary).find("'llama'"), std::string::npos);
  EXPECT_EQ(error_of(small_vocabulary("nonesuch")), "tokenizer.ggml.pre 'nonesuch' is not supported");
  EXPECT_NE(error_of(small_vocabulary("")), "");
  EXPECT_NE(error_of(small_vocabulary("default")), "");
}

TEST(GgufVocabulary, RefusesListsOfOtherLengthsAndIdsThatAreNone) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.token_types.pop_back();
  EXPECT_NE(error_of(vocabulary).find("token_type has 9 entries for 10 tokens"), std::string::npos);
  vocabulary = small_vocabulary();
  vocabulary.scores = {1.0f};
  EXPECT_NE(error_of(vocabulary).find("scores"), std::string::npos);
  for (const int64_t id : {int64_t{-1}, int64_t{10}, int64_t{4294967295}}) {
    vocabulary = small_vocabulary();
    vocabulary.eos_id = id;
    EXPECT_NE(error_of(vocabulary).find("eos_token_id"), std::string::npos);
  }
  EXPECT_NE(error_of({.model = "gpt2", .pre = "gpt-2"}).find("empty"), std::string::npos);
}

TEST(GgufVocabulary, OfADuplicateTokenTheFirstIdWins) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.tokens.push_back("a");
  vocabulary.token_types.push_back(1);
  EXPECT_EQ(encode(vocabulary, "a"), (Ids{1}));
  EXPECT_EQ((*Tokenizer::from_gguf(vocabulary))->token_bytes(10), "a");
}

TEST(GgufVocabulary, AnAddedTokenIsFoundBeforeAnOrdinaryOneOfItsSpelling) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.tokens.push_back("ab");
  vocabulary.token_types.push_back(4);
  const auto loaded = Tokenizer::from_gguf(vocabulary);
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->find_token("ab"), 10);
  EXPECT_EQ((*loaded)->encode("ab", {}), (Ids{10}));
  EXPECT_EQ((*loaded)->encode("ab", {.find_added_tokens = false}), (Ids{5}));
}

TEST(GgufVocabulary, MergesOfUnknownTokensAreLeftOutAndCounted) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.merges.push_back("a x");
  vocabulary.merges.push_back("a 1");
  const auto loaded = Tokenizer::from_gguf(vocabulary);
  ASSERT_TRUE(loaded);
  EXPECT_NE((*loaded)->description().find("4 merges (2 of unknown tokens left out)"), std::string::npos);
}

TEST(GgufVocabulary, RefusesMergesThatAreNoPairsAndTokensThatAreNoText) {
  for (const char* merge : {"", " ", "ab", "a ", " b", "a b c"}) {
    GgufVocabulary vocabulary = small_vocabulary();
    vocabulary.merges.push_back(merge);
    EXPECT_NE(error_of(vocabulary).find("is no pair of tokens"), std::string::npos) << merge;
  }
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.tokens[1] = "\xFF";
  EXPECT_NE(error_of(vocabulary).find("token 1 "), std::string::npos);
}

TEST(GgufVocabulary, TokenTypesMayBeAbsent) {
  GgufVocabulary vocabulary = small_vocabulary();
  vocabulary.token_types.clear();
  vocabulary.merges.clear();
  EXPECT_EQ(encode(vocabulary, "ab"), (Ids{1, 2}));
}

}  // namespace
}  // namespace tokenizer
