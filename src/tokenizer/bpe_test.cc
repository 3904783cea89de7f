#include "tokenizer/bpe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>

#include "tests/support/small_tokenizers.h"
namespace tokenizer {
namespace {

using Ids = std::vector<TokenId>;

// A vocabulary of the letters a..h and what the merges make of them.
struct Toy {
  std::vector<std::string> tokens;
  std::map<std::string, TokenId> ids;
  std::vector<std::pair<std::string, std::string>> merges;

  explicit Toy(std::string_view letters) {
    for (const char letter : letters) add(std::string(1, letter));
  }
  void add(const std::string& token) {
    if (ids.emplace(token, static_cast<TokenId>(tokens.size())).second) tokens.push_back(token);
  }
  void merge(const std::string& left, const std::string& right) {
    for (const auto& known : merges)
      if (known == std::pair(left, right)) return;
    add(left + right);
    merges.emplace_back(left, right);
  }
  Vocabulary vocabulary(const std::vector<std::string>& reserved = {}) const {
    Vocabulary::Builder builder;
    for (size_t i = 0; i < tokens.size(); ++i)
      EXPECT_TRUE(builder.add(tokens[i], static_cast<int64_t>(i), Vocabulary::kInModel));
    for (const std::string& token : reserved)
      EXPECT_TRUE(builder.add(token, ids.at(token), Vocabulary::kAdded | Vocabulary::kReserved));
    return *std::move(builder).build();
  }
  MergeTable table() const {
    MergeTable table(merges.size());
    for (size_t rank = 0; rank < merges.size(); ++rank) {
      const auto& [left, right] = merges[rank];
      table.add(ids.at(left), ids.at(right), {static_cast<int32_t>(rank), ids.at(left + right)},
                MergeTable::OnDuplicate::take_last);
    }
    return table;
  }
};

Ids encode(const Bpe& bpe, std::string_view piece, bool avoid_reserved = false) {
  Ids ids;
  bpe.encode(piece, avoid_reserved, ids);
  return ids;
}

// The definition: again and again the lowest rank, leftmost first.
std::vector<std::string> merge_by_definition(const Toy& toy, std::string_view piece) {
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  for (;;) {
    size_t best_rank = toy.merges.size(), best = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i)
      for (size_t rank = 0; rank < best_rank; ++rank)
        if (toy.merges[rank] == std::pair(parts[i], parts[i + 1])) best_rank = rank, best = i;
    if (best_rank == toy.merges.size()) return parts;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

// Merges in any order, also such that a later token's merge ranks before that of its parts.
Toy random_toy(std::mt19937& random) {
  Toy toy("abc");
  for (int i = 0; i < 25; ++i) {
    const std::string left = toy.tokens[random() % toy.tokens.size()],
                      right = toy.tokens[random() % toy.tokens.size()];
    if (left.size() + right.size() <= 8) toy.merge(left, right);
  }
  std::shuffle(toy.merges.begin(), toy.merges.end(), random);
  return toy;
}

std::string random_word(std::mt19937& random, size_t size) {
  std::string word;
  while (word.size() < size) word += static_cast<char>('a' + random() % 3);
  return word;
}

// Pieces on both sides of the length at which encode() changes its method.
TEST(Bpe, MergesAsTheDefinitionSaysAtAnyLength) {
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    const Toy toy = random_toy(random);
    const Vocabulary vocabulary = toy.vocabulary();
    const Bpe bpe(vocabulary, toy.table(), {});
    for (const size_t size : {1, 2, 7, 63, 64, 65, 66, 150}) {
      const std::string word = random_word(random, size);
      Ids expected;
      for (const std::string& part : merge_by_definition(toy, word)) expected.push_back(toy.ids.at(part));
      ASSERT_EQ(encode(bpe, word), expected) << word;
    }
  }
}

TEST(Bpe, IgnoringMergesTakesAWholeWordAtOnce) {
  Toy toy("abc");
  toy.add("abc");
  const Vocabulary vocabulary = toy.vocabulary();
  EXPECT_EQ(encode(Bpe(vocabulary, toy.table(), {}), "abc"), (Ids{0, 1, 2}));
  EXPECT_EQ(encode(Bpe(vocabulary, toy.table(), {.ignore_merges = true}), "abc"), (Ids{3}));
}

TEST(Bpe, ABytesThatTheVocabularyLacksVanishesOrIsUnknown) {
  Toy toy("abu");
  toy.merge("a", "b");
  const Vocabulary vocabulary = toy.vocabulary();
  EXPECT_EQ(encode(Bpe(vocabulary, toy.table(), {}), "a?b"), (Ids{3}));
  EXPECT_EQ(encode(Bpe(vocabulary, toy.table(), {.unknown = 2}), "a??b"), (Ids{0, 2, 2, 1}));
  EXPECT_EQ(encode(Bpe(vocabulary, toy.table(), {.unknown = 2, .fuse_unknown = true}), "a??b"),
            (Ids{0, 2, 1}));
}

TEST(Bpe, AvoidsReservedTokensWhereTold) {
  Toy toy("abc");
  toy.merge("a", "b");
  toy.merge("ab", "c");
  const Vocabulary vocabulary = toy.vocabulary({"ab", "c"});
  const Bpe bpe(vocabulary, toy.table(), {.ignore_merges = true});
  EXPECT_EQ(encode(bpe, "ab"), (Ids{3}));
  EXPECT_EQ(encode(bpe, "ab", /*avoid_reserved=*/true), (Ids{0, 1}));
  EXPECT_EQ(encode(bpe, "bc", /*avoid_reserved=*/true), (Ids{1}));
}

TEST(MergeTable, ADuplicateKeepsTheFirstOrTakesTheLast) {
  for (const auto policy : {MergeTable::OnDuplicate::keep_first, MergeTable::OnDuplicate::take_last}) {
    MergeTable table(2);
    table.add(1, 2, {0, 3}, policy);
    table.add(1, 2, {1, 3}, policy);
    ASSERT_NE(table.find(1, 2), nullptr);
    EXPECT_EQ(table.find(1, 2)->rank, policy == MergeTable::OnDuplicate::keep_first ? 0 : 1);
    EXPECT_EQ(table.find(2, 1), nullptr);
  }
}

double seconds_to_encode(const Tokenizer& tokenizer, const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  (void)tokenizer.encode(text, {});
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Anything quadratic would take many minutes here; the limit leaves room for sanitizers.
TEST(Bpe, AWordOf300ThousandCharactersTakesNoLongerThanOtherText) {
  const auto tokenizer = tests::small_tokenizer("small-llama3");
  ASSERT_NE(tokenizer, nullptr);
  std::string a, hangul, base64;
  std::mt19937 random(2);
  for (int i = 0; i < 300'000; ++i) {
    a += 'a';
    hangul += "가";
    base64 += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[random() % 64];
  }
  EXPECT_LT(seconds_to_encode(*tokenizer, a), 8.0);
  EXPECT_LT(seconds_to_encode(*tokenizer, hangul), 8.0);
  EXPECT_LT(seconds_to_encode(*tokenizer, base64), 8.0);
}

}  // namespace
}  // namespace tokenizer
