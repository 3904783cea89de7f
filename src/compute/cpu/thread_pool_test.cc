#include "compute/cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <thread>

namespace compute::cpu {
namespace {

TEST(ThreadPool, RunsTheWorkOnceOnEachThread) {
  ThreadPool pool({.n_threads = 3});
  for (int round = 0; round < 2000; ++round) {
    int counts[3] = {};
    pool.run([&](int thread_index) { ++counts[thread_index]; });
    ASSERT_EQ(counts[0] + 10 * counts[1] + 100 * counts[2], 111);
  }
}

TEST(ThreadPool, SplitCoversEachIndexOnceInContiguousParts) {
  ThreadPool pool({.n_threads = 3});
  for (int n : {0, 1, 2, 3, 7, 64, 1000}) {
    std::vector<int> seen(n, 0);
    std::vector<int> owner(n, -1);
    pool.split(n, 1, [&](int64_t begin, int64_t end, int thread_index) {
      for (int64_t i = begin; i < end; ++i) ++seen[i], owner[i] = thread_index;
    });
    EXPECT_EQ(seen, std::vector<int>(n, 1));
    EXPECT_TRUE(std::is_sorted(owner.begin(), owner.end()));
  }
}

TEST(ThreadPool, BalanceCoversEachIndexOnce) {
  ThreadPool pool({.n_threads = 3});
  for (int n : {0, 1, 5, 64, 1000, 4001}) {
    for (int piece : {1, 7, 100}) {
      std::vector<int> seen(n, 0);
      pool.balance(n, piece, [&](int64_t begin, int64_t end, int) {
        for (int64_t i = begin; i < end; ++i) ++seen[i];
      });
      ASSERT_EQ(seen, std::vector<int>(n, 1)) << piece;
    }
  }
}

TEST(ThreadPool, BalanceTakesWorkFromAThreadThatIsHeldUp) {
  ThreadPool pool({.n_threads = 2});
  std::atomic<int64_t> done_by_caller{0};
  pool.balance(100, 1, [&](int64_t begin, int64_t end, int thread_index) {
    if (thread_index == 0) done_by_caller += end - begin;
    if (thread_index == 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  EXPECT_GT(done_by_caller, 50);
}

TEST(ThreadPool, SmallWorkStaysWithTheCaller) {
  ThreadPool pool({.n_threads = 2});
  pool.split(99, 50, [&](int64_t begin, int64_t end, int thread_index) {
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 99);
    EXPECT_EQ(thread_index, 0);
  });
}

TEST(ThreadPool, EachTakesEveryItemOnce) {
  ThreadPool pool({.n_threads = 2});
  std::vector<int> seen(5000, 0);
  pool.each(5000, [&](int64_t i, int) { ++seen[i]; });
  EXPECT_EQ(seen, std::vector<int>(5000, 1));
}

TEST(ThreadPool, OneThreadNeedsNoWorker) {
  ThreadPool pool({.n_threads = 1});
  EXPECT_EQ(pool.size(), 1);
  int calls = 0;
  pool.run([&](int) { ++calls; });
  pool.split(10, 1, [&](int64_t, int64_t, int) { ++calls; });
  EXPECT_EQ(calls, 2);
}

TEST(ThreadPool, WakesFromSleepAfterAPause) {
  ThreadPool pool({.n_threads = 2});
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(round * 100));
    std::atomic<int> calls{0};
    pool.run([&](int) { ++calls; });
    ASSERT_EQ(calls, 2);
  }
}

TEST(ThreadPool, WaitsForAWorkerThatTakesLongerThanTheSpin) {
  ThreadPool pool({.n_threads = 2});
  for (int round = 0; round < 10; ++round) {
    bool done = false;
    pool.run([&](int thread_index) {
      if (thread_index != 1) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      done = true;
    });
    ASSERT_TRUE(done);
  }
}

TEST(ThreadPool, MoreThreadsThanCoresStillFinish) {
  ThreadPool pool({.n_threads = 9});
  EXPECT_EQ(pool.size(), 9);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> calls{0};
    pool.run([&](int) { ++calls; });
    ASSERT_EQ(calls, 9);
  }
}

double process_cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

TEST(ThreadPool, UsesNoCpuWhenIdle) {
  ThreadPool pool({.n_threads = 4});
  pool.run([](int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = process_cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(process_cpu_seconds() - before, 0.005);
}

TEST(ThreadPool, LeavesTheCallersAffinityAsItWas) {
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  ThreadPool pool({.n_threads = 2});
  for (int round = 0; round < 100; ++round) pool.run([](int) {});
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace compute::cpu
