#include "kv_cache/kv_cache.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "gtest/gtest.h"

namespace kv_cache {
namespace {

using Tokens = std::vector<TokenId>;

Tokens run(TokenId first, int64_t n) {
  Tokens tokens(static_cast<size_t>(n));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

// A cache, and in place of keys and values the token that each slot was filled for: what is reused can be
// compared.
class World {
 public:
  explicit World(int64_t n_pages)
      : cache({.n_pages = n_pages}, [this](PageId from, PageId to, int n) { copy(from, to, n); }),
        slots_(static_cast<size_t>(n_pages * kPageTokens), -1) {}

  // Begins, and checks that what is said to be stored is there.
  SequencePages begin(const Tokens& tokens, std::string_view salt = "") {
    auto sequence = cache.begin(tokens, salt, 0);
    EXPECT_TRUE(sequence);
    for (int64_t i = 0; i < sequence->n_stored; ++i)
      EXPECT_EQ(slot(*sequence, i), tokens[static_cast<size_t>(i)]);
    EXPECT_LT(sequence->n_stored, static_cast<int64_t>(tokens.size()));
    return std::move(*sequence);
  }
  void compute(SequencePages& sequence, const Tokens& tokens, int64_t n) {
    for (; sequence.n_stored < n; ++sequence.n_stored)
      slot(sequence, sequence.n_stored) = tokens[static_cast<size_t>(sequence.n_stored)];
    cache.publish(sequence, tokens);
  }
  void compute_all_and_finish(SequencePages& sequence, const Tokens& tokens) {
    compute(sequence, tokens, static_cast<int64_t>(tokens.size()));
    cache.finish(sequence, tokens);
  }
  // A whole sequence; returns how many of its tokens it found.
  int64_t run_through(const Tokens& tokens, std::string_view salt = "") {
    SequencePages sequence = begin(tokens, salt);
    const int64_t n_reused = sequence.n_reused;
    compute_all_and_finish(sequence, tokens);
    check({});
    return n_reused;
  }
  void check(std::vector<const SequencePages*> sequences) const { cache.check_integrity(sequences); }

  KvCache cache;
  int n_copies = 0;

 private:
  TokenId& slot(const SequencePages& sequence, int64_t i) {
    const int64_t page = sequence.pages[static_cast<size_t>(i / kPageTokens)];
    return slots_[static_cast<size_t>(page * kPageTokens + i % kPageTokens)];
  }
  void copy(PageId from, PageId to, int n_tokens) {
    const auto target = slots_.begin() + to * kPageTokens;
    std::fill_n(target, kPageTokens, -1);
    std::copy_n(slots_.begin() + from * kPageTokens, n_tokens, target);
    ++n_copies;
  }
  std::vector<TokenId> slots_;
};

TEST(KvCache, LeavesTheLastTokenToBeComputed) {
  for (const int64_t n : {1, 2, 63, 64, 65, 128, 130}) {
    World world(16);
    EXPECT_EQ(world.run_through(run(1000, n)), 0);
    EXPECT_EQ(world.run_through(run(1000, n)), n - 1) << n;
  }
}

TEST(KvCache, RecomputesOnlyWhatAnAppendAdds) {
  World world(16);
  for (int64_t n = 10; n < 700; n += 37) world.run_through(run(1000, n));
  EXPECT_EQ(world.run_through(run(1000, 700)), 676);
  EXPECT_EQ(world.cache.n_free() + world.cache.n_idle(), 16);
  EXPECT_EQ(world.cache.n_idle(), 11);
}

TEST(KvCache, CopiesAPartlyFittingPageInsteadOfSharingIt) {
  World world(16);
  world.run_through(run(1000, 100));
  Tokens other = run(1000, 90);
  other.push_back(7);
  other.push_back(8);
  EXPECT_EQ(world.run_through(other), 90);
  EXPECT_EQ(world.n_copies, 1);
  EXPECT_EQ(world.run_through(run(1000, 101)), 100);  // the first conversation is still whole
}

TEST(KvCache, FindsNothingAcrossSalts) {
  World world(16);
  world.run_through(run(1000, 100), "key 1");
  EXPECT_EQ(world.run_through(run(1000, 100), "key 2"), 0);
  EXPECT_EQ(world.run_through(run(1000, 100)), 0);
  EXPECT_EQ(world.run_through(run(1000, 100), "key 1"), 99);
}

TEST(KvCache, SharesFullPagesWhileTheirSequenceRuns) {
  World world(16);
  const Tokens tokens = run(1000, 200);
  SequencePages first = world.begin(tokens);
  world.compute(first, tokens, 140);
  SequencePages second = world.begin(tokens);
  EXPECT_EQ(second.n_reused, 128);
  EXPECT_EQ(second.pages[1], first.pages[1]);
  EXPECT_NE(second.pages[2], first.pages[2]);
  world.check({&first, &second});
  world.compute_all_and_finish(first, tokens);
  world.check({&second});
  world.compute_all_and_finish(second, tokens);
  world.check({});
}

TEST(KvCache, KeepsOnePageWhereTwoSequencesComputedTheSame) {
  World world(16);
  const Tokens tokens = run(1000, 150);
  SequencePages first = world.begin(tokens);
  SequencePages second = world.begin(tokens);
  world.compute(first, tokens, 150);
  EXPECT_EQ(world.cache.n_free(), 10);
  world.compute(second, tokens, 150);
  EXPECT_EQ(second.pages[0], first.pages[0]);
  EXPECT_EQ(second.pages[1], first.pages[1]);
  EXPECT_EQ(world.cache.n_free(), 12);
  world.check({&first, &second});
  world.cache.finish(first, tokens);
  world.cache.finish(second, tokens);
  world.check({});
  EXPECT_EQ(world.cache.n_idle(), 3);
}

TEST(KvCache, TakesAllPagesOrNone) {
  World world(4);
  const Tokens tokens = run(1000, 128);
  SequencePages first = world.begin(tokens);
  const auto refused = world.cache.begin(run(5000, 129), "", 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::exhausted);
  EXPECT_EQ(world.cache.n_free(), 2);
  EXPECT_FALSE(world.cache.begin(run(5000, 128), "", /*n_spare=*/1));
  ASSERT_TRUE(world.cache.grow(first, 256));
  EXPECT_FALSE(world.cache.grow(first, 257));
  EXPECT_EQ(first.pages.size(), 4u);
  world.check({&first});
  world.cache.release(first);
  EXPECT_EQ(world.cache.n_free(), 4);
}

TEST(KvCache, EvictsIdlePagesForANewSequence) {
  World world(4);
  world.run_through(run(1000, 256));
  EXPECT_EQ(world.cache.n_free(), 0);
  EXPECT_EQ(world.run_through(run(5000, 256)), 0);
  EXPECT_EQ(world.cache.n_evicted(), 4);
  EXPECT_EQ(world.run_through(run(1000, 10)), 0);
}

TEST(KvCache, CanGiveTheWholeMemoryToOneThatContinuesWhatFillsIt) {
  World world(4);
  world.run_through(run(1000, 256));
  // The last page would be copied from, but then there is none to copy to.
  EXPECT_EQ(world.run_through(run(1000, 256)), 192);
  EXPECT_EQ(world.n_copies, 0);
}

TEST(KvCache, WithoutReuseKeepsAndFindsNothing) {
  KvCache cache({.n_pages = 4, .reuse = false}, [](PageId, PageId, int) { FAIL(); });
  for (int i = 0; i < 2; ++i) {
    auto sequence = cache.begin(run(1000, 200), "", 0);
    ASSERT_TRUE(sequence);
    EXPECT_EQ(sequence->n_stored, 0);
    sequence->n_stored = 200;
    cache.publish(*sequence, run(1000, 200));
    cache.finish(*sequence, run(1000, 200));
    EXPECT_EQ(cache.n_free(), 4);
  }
}

// Sequences that begin, grow, end and are dropped in any order, over a small alphabet so that much is shared.
TEST(KvCache, AccountsForEveryPageAndNeverReusesWrongTokens) {
  struct Running {
    SequencePages pages;
    Tokens tokens;
  };
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    World world(24);
    std::vector<Running> running;
    const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
    for (int step = 0; step < 400; ++step) {
      const size_t action = pick(4);
      if (action == 0 && running.size() < 6) {
        Tokens tokens;
        for (size_t n = 1 + pick(5); n > 0; --n) {
          const Tokens part = run(static_cast<TokenId>(1000 * pick(3)), static_cast<int64_t>(1 + pick(100)));
          tokens.insert(tokens.end(), part.begin(), part.end());
        }
        const std::string salt(1, static_cast<char>('a' + pick(2)));
        if (auto pages = world.cache.begin(tokens, salt, 0)) {
          world.cache.release(*pages);
          running.push_back({world.begin(tokens, salt), tokens});
        }
      } else if (!running.empty()) {
        const size_t i = pick(running.size());
        Running& one = running[i];
        if (action == 1)
          world.compute(one.pages, one.tokens,
                        std::min<int64_t>(one.pages.n_stored + 50, std::ssize(one.tokens)));
        if (action == 2) {
          one.tokens.push_back(static_cast<TokenId>(pick(3)));
          if (!world.cache.grow(one.pages, std::ssize(one.tokens))) one.tokens.pop_back();
        }
        if (action == 3) {
          if (pick(3) == 0)
            world.cache.release(one.pages);
          else
            world.cache.finish(one.pages, one.tokens);
          running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      std::vector<const SequencePages*> held;
      for (const Running& one : running) held.push_back(&one.pages);
      world.check(held);
    }
    for (Running& one : running) world.cache.release(one.pages);
    world.check({});
    EXPECT_EQ(world.cache.n_available(), 24);
  }
}

}  // namespace
}  // namespace kv_cache
