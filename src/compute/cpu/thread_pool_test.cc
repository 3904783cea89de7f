#include "compute/cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "platform/cpu_facts.h"

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

// Of this machine, for a caller and as many workers as there are, four at most.
std::vector<std::vector<int>> some_cores() {
  std::vector<std::vector<int>> cores = platform::cpus_by_core("/", platform::allowed_cpus());
  cores.resize(std::min<size_t>(cores.size(), 4));
  return cores;
}

bool is_on(const std::vector<int>& core, int cpu) {
  return std::ranges::find(core, cpu) != core.end();
}

TEST(ThreadPool, EachWorkerRunsOnTheCoreThatItWasGiven) {
  std::vector<std::vector<int>> cores = some_cores();
  if (cores.size() < 2) GTEST_SKIP() << "there is one core";
  const int n_threads = static_cast<int>(cores.size());
  // In both orders: where the system happens to put them is not enough.
  for (int order = 0; order < 2; ++order, std::ranges::reverse(cores)) {
    ThreadPool pool({.n_threads = n_threads, .worker_cpus = cores});
    for (int round = 0; round < 50; ++round) {
      std::vector<int> cpus(cores.size(), -1);
      pool.run([&](int thread_index) { cpus[thread_index] = sched_getcpu(); });
      for (int i = 1; i < n_threads; ++i) {
        ASSERT_TRUE(is_on(cores[i], cpus[i])) << "worker " << i << " on CPU " << cpus[i];
      }
    }
  }
}

TEST(ThreadPool, ACallerOnAWorkersCoreGoesToItsOwn) {
  const std::vector<std::vector<int>> cores = some_cores();
  if (cores.size() < 2) GTEST_SKIP() << "there is one core";
  ThreadPool pool({.n_threads = 2, .worker_cpus = {cores[0], cores[1]}});
  cpu_set_t all, workers;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  CPU_ZERO(&workers);
  for (const int cpu : cores[1]) CPU_SET(cpu, &workers);
  int n_home = 0;
  for (int round = 0; round < 100; ++round) {
    ASSERT_EQ(sched_setaffinity(0, sizeof workers, &workers), 0);  // moves it there
    ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
    int caller_cpu = -1;
    pool.run([&](int thread_index) {
      if (thread_index == 0) caller_cpu = sched_getcpu();
    });
    if (is_on(cores[0], caller_cpu)) ++n_home;
  }
  EXPECT_GT(n_home, 80);  // it is free: other programs may send it elsewhere
}

TEST(ThreadPool, WithoutAListNobodyIsPinned) {
  cpu_set_t callers, workers;
  ASSERT_EQ(sched_getaffinity(0, sizeof callers, &callers), 0);
  ThreadPool pool({.n_threads = 2});
  pool.run([&](int thread_index) {
    if (thread_index == 1) sched_getaffinity(0, sizeof workers, &workers);
  });
  EXPECT_TRUE(CPU_EQUAL(&callers, &workers));
}

TEST(ThreadPool, CoresThatTheMachineLacksCostNothing) {
  ThreadPool pool({.n_threads = 3, .worker_cpus = {{0}, {CPU_SETSIZE - 1}, {1 << 20}}});
  std::atomic<int> calls{0};
  pool.run([&](int) { ++calls; });
  EXPECT_EQ(calls, 3);
}

TEST(ThreadPool, LeavesTheCallersAffinityAsItWas) {
  const std::vector<std::vector<int>> cores = some_cores();
  if (cores.size() < 2) GTEST_SKIP() << "there is one core";
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  ThreadPool pool({.n_threads = 2, .worker_cpus = {cores[0], cores[1]}});
  for (int round = 0; round < 100; ++round) pool.run([](int) {});
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace compute::cpu
