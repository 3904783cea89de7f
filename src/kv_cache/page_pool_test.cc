#include "kv_cache/page_pool.h"

#include "gtest/gtest.h"

namespace kv_cache {
namespace {

TEST(PagePool, TakesAllOrNothing) {
  PagePool pool(4);
  PageList pages;
  ASSERT_TRUE(pool.take(3, pages));
  const base::Status refused = pool.take(2, pages);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::exhausted);
  EXPECT_EQ(refused.error().message, "2 pages of KV memory wanted, 1 of 4 free");
  EXPECT_EQ(pages.size(), 3u);
  EXPECT_EQ(pool.n_free(), 1);
  pool.check_integrity();
}

TEST(PagePool, FreesAPageWhenItsLastHolderLetsGo) {
  PagePool pool(2);
  PageList pages;
  ASSERT_TRUE(pool.take(1, pages));
  pool.share(pages[0]);
  pool.give_back(pages[0]);
  EXPECT_EQ(pool.n_free(), 1);
  pool.give_back(pages[0]);
  EXPECT_EQ(pool.n_free(), 2);
  pool.check_integrity();
}

TEST(PagePool, HandsOutEachPageOnce) {
  PagePool pool(100);
  PageList pages;
  ASSERT_TRUE(pool.take(100, pages));
  std::vector<bool> seen(100, false);
  for (const PageId page : pages) {
    ASSERT_FALSE(seen[static_cast<size_t>(page)]);
    seen[static_cast<size_t>(page)] = true;
  }
}

TEST(PagePoolDeathTest, DiesOfAPageGivenBackTwice) {
  PagePool pool(2);
  PageList pages;
  ASSERT_TRUE(pool.take(1, pages));
  pool.give_back(pages[0]);
  EXPECT_DEATH(pool.give_back(pages[0]), "CHECK");
}

}  // namespace
}  // namespace kv_cache
