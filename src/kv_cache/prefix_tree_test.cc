#include "kv_cache/prefix_tree.h"

#include <numeric>

#include "gtest/gtest.h"

namespace kv_cache {
namespace {

using Tokens = std::vector<TokenId>;

Tokens run(TokenId first, int64_t n) {
  Tokens tokens(static_cast<size_t>(n));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}
Tokens joined(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class PrefixTreeTest : public testing::Test {
 protected:
  // As a sequence would: pages for all tokens, put into the tree and left there idle. Returns the pages.
  PageList remember(const Tokens& tokens, std::string_view salt = "") {
    PageList pages;
    EXPECT_TRUE(pool.take(pages_for(static_cast<int64_t>(tokens.size())), pages));
    PrefixTree::Node* const root = tree.hold_root(salt);
    std::vector<PrefixTree::Node*> held{root};
    for (size_t i = 0; i < pages.size(); ++i) {
      const auto part = std::span(tokens).subspan(i * kPageTokens);
      held.push_back(
          tree.insert(held.back(), part.first(std::min<size_t>(part.size(), kPageTokens)), pages[i]));
      tree.hold(held.back());
    }
    for (const PageId page : pages) pool.give_back(page);
    while (!held.empty()) {
      tree.release(held.back());
      held.pop_back();
    }
    tree.check_integrity();
    pool.check_integrity();
    return pages;
  }
  int64_t n_found(const Tokens& tokens, std::string_view salt = "") {
    const PrefixTree::Match match = tree.find(tokens, salt);
    return static_cast<int64_t>(match.pages.size()) * kPageTokens + match.n_partial;
  }

  PagePool pool{32};
  PrefixTree tree{pool};
};

TEST_F(PrefixTreeTest, FindsTheLongestCommonBeginningInPagesAndTokens) {
  remember(run(1000, 200));
  EXPECT_EQ(n_found(run(1000, 200)), 200);
  EXPECT_EQ(n_found(run(1000, 300)), 200);
  EXPECT_EQ(n_found(run(1000, 128)), 128);
  EXPECT_EQ(n_found(run(1000, 100)), 100);
  EXPECT_EQ(n_found(joined(run(1000, 70), run(5, 70))), 70);
  EXPECT_EQ(n_found(run(1001, 200)), 0);
  EXPECT_EQ(n_found({}), 0);
}

TEST_F(PrefixTreeTest, FindsTheBestAmongManyThatBranch) {
  for (const int64_t n_common : {1, 5, 9, 30, 63, 64})
    remember(joined(run(1000, n_common), run(static_cast<TokenId>(50000 + 100 * n_common), 10)));
  for (const int64_t n_common : {1, 5, 9, 30, 63, 64}) {
    const Tokens same_branch =
        joined(run(1000, n_common), run(static_cast<TokenId>(50000 + 100 * n_common), 64));
    EXPECT_EQ(n_found(same_branch), n_common + 10) << n_common;
  }
  EXPECT_EQ(n_found(joined(run(1000, 40), run(7, 30))), 40);
}

TEST_F(PrefixTreeTest, FindsNothingAcrossSalts) {
  remember(run(1000, 100), "alice");
  EXPECT_EQ(n_found(run(1000, 100), "bob"), 0);
  EXPECT_EQ(n_found(run(1000, 100), ""), 0);
  EXPECT_EQ(n_found(run(1000, 100), "alice"), 100);
}

TEST_F(PrefixTreeTest, KeepsOnePageOfTwoWithTheSameTokens) {
  const PageList first = remember(run(1000, 64));
  const PageList second = remember(run(1000, 64));
  EXPECT_EQ(tree.n_pages(), 1);
  EXPECT_EQ(PrefixTree::page_of(tree.find(run(1000, 64), "").pages[0]), first[0]);
  EXPECT_EQ(pool.n_holders(second[0]), 0);
}

TEST_F(PrefixTreeTest, DropsAShorterPageThatALongerOneContinues) {
  remember(run(1000, 10));
  remember(run(1000, 40));
  EXPECT_EQ(tree.n_pages(), 1);
  remember(run(1000, 20));
  EXPECT_EQ(tree.n_pages(), 1);
  remember(run(1000, 64));
  EXPECT_EQ(tree.n_pages(), 1);
  EXPECT_EQ(n_found(run(1000, 64)), 64);
}

TEST_F(PrefixTreeTest, EvictsTheLeastRecentlyUsedAndChildrenBeforeParents) {
  remember(run(1000, 128));
  remember(run(5000, 64));
  remember(run(1000, 128));  // used again
  EXPECT_EQ(tree.evict(1), 1);
  EXPECT_EQ(n_found(run(5000, 64)), 0);
  EXPECT_EQ(n_found(run(1000, 128)), 128);
  EXPECT_EQ(tree.evict(1), 1);
  EXPECT_EQ(n_found(run(1000, 128)), 64);
  EXPECT_EQ(tree.evict(5), 1);
  EXPECT_EQ(pool.n_free(), pool.capacity());
  tree.check_integrity();
}

TEST_F(PrefixTreeTest, DoesNotEvictWhatIsHeld) {
  remember(run(1000, 128));
  PrefixTree::Node* const root = tree.hold_root("");
  PrefixTree::Node* const page = tree.find(run(1000, 64), "").pages.at(0);
  tree.hold(page);
  EXPECT_EQ(tree.n_idle(), 1);
  EXPECT_EQ(tree.evict(5), 1);
  EXPECT_EQ(n_found(run(1000, 128)), 64);
  tree.check_integrity();
  tree.release(page);
  tree.release(root);
  EXPECT_EQ(tree.evict(5), 1);
}

}  // namespace
}  // namespace kv_cache
