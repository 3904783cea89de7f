#include "engine/suffix_index.h"

#include <random>
#include <span>

#include "gtest/gtest.h"

namespace engine {
namespace {

using TokenId = SuffixIndex::TokenId;

// The longest end of the text that ends earlier too, by trying all.
int64_t naive_match_length(std::span<const TokenId> text) {
  int64_t longest = 0;
  const auto n = std::ssize(text);
  for (int64_t end = 1; end < n; ++end) {
    int64_t length = 0;
    while (length < end &&
           text[static_cast<size_t>(end - 1 - length)] == text[static_cast<size_t>(n - 1 - length)])
      ++length;
    longest = std::max(longest, length);
  }
  return longest;
}

bool stood_there(std::span<const TokenId> text, SuffixIndex::Match match) {
  const auto n = std::ssize(text);
  if (match.next < match.length || match.next >= n) return false;
  for (int64_t i = 0; i < match.length; ++i)
    if (text[static_cast<size_t>(match.next - 1 - i)] != text[static_cast<size_t>(n - 1 - i)]) return false;
  return true;
}

void expect_longest_matches(std::span<const TokenId> text) {
  SuffixIndex index;
  EXPECT_EQ(index.match().length, 0);
  for (size_t n = 1; n <= text.size(); ++n) {
    index.append(text[n - 1]);
    ASSERT_EQ(index.size(), static_cast<int64_t>(n));
    const SuffixIndex::Match match = index.match();
    ASSERT_EQ(match.length, naive_match_length(text.first(n))) << "after " << n << " tokens";
    if (match.length > 0) {
      ASSERT_TRUE(stood_there(text.first(n), match)) << "after " << n << " tokens";
    }
  }
}

TEST(SuffixIndex, FindsTheLongestEndThatStoodBefore) {
  std::mt19937 random(5);
  for (const uint32_t n_ids : {1u, 2u, 3u, 10u, 1000u})
    for (int round = 0; round < 8; ++round) {
      SCOPED_TRACE(n_ids);
      std::vector<TokenId> text(200);
      for (TokenId& id : text) id = static_cast<TokenId>(random() % n_ids);
      expect_longest_matches(text);
    }
}

TEST(SuffixIndex, FollowsACopyWithChanges) {
  std::mt19937 random(6);
  std::vector<TokenId> text(120);
  for (TokenId& id : text) id = static_cast<TokenId>(random() % 40);
  std::vector<TokenId> copy = text;
  copy[30] = 1000;
  copy.erase(copy.begin() + 70, copy.begin() + 75);
  text.insert(text.end(), copy.begin(), copy.end());
  expect_longest_matches(text);
}

TEST(SuffixIndex, PrefersWhereItMatchedLast) {
  SuffixIndex index;
  for (const TokenId id : {1, 2, 3, 9, 1, 2, 4, 8, 1, 2}) index.append(id);
  EXPECT_EQ(index.match().length, 2);
  EXPECT_EQ(index.match().next, 6);  // 1 2 4, not 1 2 3
}

TEST(SuffixIndex, TakesTheSmallestAndLargestIds) {
  expect_longest_matches(std::vector<TokenId>{0, -1, INT32_MAX, INT32_MIN, 0, -1, INT32_MAX, INT32_MIN, 0});
}

}  // namespace
}  // namespace engine
