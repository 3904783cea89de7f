#include "tokenizer/merge_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tokenizer {
namespace {

// Against an ordered set, with places that arrive in every order, also for a rank that is being taken.
TEST(MergeQueue, GivesTheLowestRankAndItsLeftmostPlaceFirst) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    MergeQueue queue;
    std::multiset<std::pair<int32_t, uint32_t>> expected;
    for (int step = 0; step < 500; ++step) {
      if (expected.empty() || random() % 5 < 3) {
        const auto rank = static_cast<int32_t>(random() % 4);
        const auto place = static_cast<uint32_t>(random() % 50);
        queue.put(rank, place);
        expected.emplace(rank, place);
      } else {
        const auto [rank, place] = queue.take();
        ASSERT_EQ(std::pair(rank, place), *expected.begin());
        expected.erase(expected.begin());
      }
      ASSERT_EQ(queue.empty(), expected.empty());
    }
  }
}

}  // namespace
}  // namespace tokenizer
