#include "compute/cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <memory>
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

// Threads that lie in nodes of these sizes, on all CPUs that there are.
std::vector<platform::Place> on_nodes(std::initializer_list<int> sizes) {
  std::vector<platform::Place> places;
  int node = 0;
  for (const int n_threads : sizes) {
    places.insert(places.end(), static_cast<size_t>(n_threads), {platform::allowed_cpus(), node});
    ++node;
  }
  return places;
}

std::unique_ptr<ThreadPool> pool_on_nodes(std::initializer_list<int> sizes) {
  const std::vector<platform::Place> places = on_nodes(sizes);
  return std::make_unique<ThreadPool>(
      ThreadPoolOptions{.n_threads = static_cast<int>(places.size()), .places = places});
}

TEST(ThreadPool, RunsOnThreadsOfSeveralNodes) {
  for (const auto& sizes : {std::initializer_list<int>{2, 2}, {1, 3}, {3, 1}, {1, 1, 1}}) {
    const auto pool = pool_on_nodes(sizes);
    for (int round = 0; round < 500; ++round) {
      std::vector<int> counts(static_cast<size_t>(pool->size()), 0);
      pool->run([&](int thread_index) { ++counts[static_cast<size_t>(thread_index)]; });
      ASSERT_EQ(counts, std::vector<int>(counts.size(), 1)) << round;
    }
  }
}

TEST(ThreadPool, NobodyLeavesAMeetingBeforeAllAreThere) {
  for (const auto& sizes : {std::initializer_list<int>{3}, {2, 2}, {1, 3}, {1, 1, 1}}) {
    const auto pool = pool_on_nodes(sizes);
    std::atomic<int> n_arrived{0}, n_too_early{0};
    constexpr int kMeetings = 300;
    for (int round = 0; round < 3; ++round) {
      n_arrived = 0;
      pool->run([&](int thread_index) {
        for (int meeting = 1; meeting <= kMeetings; ++meeting) {
          ++n_arrived;
          pool->meet(thread_index);
          if (n_arrived < meeting * pool->size()) ++n_too_early;
          pool->meet(thread_index);
        }
      });
      EXPECT_EQ(n_arrived, kMeetings * pool->size());
    }
    EXPECT_EQ(n_too_early, 0);
  }
}

TEST(ThreadPool, OneThreadMeetsNobody) {
  ThreadPool pool({.n_threads = 1});
  pool.run([&](int thread_index) { pool.meet(thread_index); });
}

TEST(ThreadPool, PhasesOfARunCoverEachIndexOnceOnAnyNodes) {
  for (const auto& sizes : {std::initializer_list<int>{3}, {2, 2}, {1, 2}}) {
    const auto pool = pool_on_nodes(sizes);
    for (int n : {0, 1, 5, 64, 1000, 4001}) {
      std::vector<int> seen(static_cast<size_t>(n), 0);
      pool->run([&](int thread_index) {
        for (int phase = 0; phase < 3; ++phase) {
          pool->balance_part(n, 7, thread_index, [&](int64_t begin, int64_t end, int) {
            for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
          });
          pool->meet(thread_index);
        }
      });
      ASSERT_EQ(seen, std::vector<int>(seen.size(), 3)) << n;
    }
  }
}

TEST(ThreadPool, BalanceLeavesWorkOnItsNode) {
  const auto pool = pool_on_nodes({2, 2});
  for (int slow = 0; slow < 4; ++slow) {
    std::atomic<int> n_strangers{0};
    pool->balance(1000, 1, [&](int64_t begin, int64_t end, int thread_index) {
      if (thread_index == slow) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (begin < end && (begin >= 500) != (thread_index >= 2)) ++n_strangers;
    });
    EXPECT_EQ(n_strangers, 0);
  }
}

// A machine with one core for a caller and a worker: who polls holds up the other.
TEST(ThreadPool, GivesWayToThreadsOfItsOwnThatCannotRun) {
  const platform::Core one_cpu = {platform::allowed_cpus().front()};
  cpu_set_t before, mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&mask);
  CPU_SET(one_cpu.front(), &mask);
  ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
  constexpr uint64_t kPhases = 3000;
  {
    ThreadPool pool({.n_threads = 2, .places = {{one_cpu, 0}, {one_cpu, 0}}});
    std::atomic<uint64_t> calls{0};
    for (uint64_t phase = 0; phase < kPhases; ++phase) pool.run([&](int) { ++calls; });
    EXPECT_EQ(calls, 2 * kPhases);
    EXPECT_LT(pool.waits().vain_polls, kPhases / 10);
    EXPECT_GT(pool.waits().sleeps, kPhases / 2);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(ThreadPool, SleepsOnceWhenThereIsNothingToDo) {
  ThreadPool pool({.n_threads = 3});
  pool.run([](int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const uint64_t before = pool.waits().sleeps;
  EXPECT_GE(before, 2u);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(pool.waits().sleeps, before);
}

// Of this machine, for a caller and as many workers as there are, four at most.
std::vector<platform::Core> some_cores() {
  std::vector<platform::Core> cores = platform::cpus_by_core("/", platform::allowed_cpus());
  cores.resize(std::min<size_t>(cores.size(), 4));
  return cores;
}

std::vector<platform::Place> on_one_node(const std::vector<platform::Core>& cores) {
  std::vector<platform::Place> places;
  for (const platform::Core& core : cores) places.push_back({core, 0});
  return places;
}

bool is_on(const platform::Core& core, int cpu) {
  return std::ranges::find(core, cpu) != core.end();
}

TEST(ThreadPool, EachWorkerRunsOnTheCoreThatItWasGiven) {
  std::vector<platform::Core> cores = some_cores();
  if (cores.size() < 2) GTEST_SKIP() << "there is one core";
  const int n_threads = static_cast<int>(cores.size());
  // In both orders: where the system happens to put them is not enough.
  for (int order = 0; order < 2; ++order, std::ranges::reverse(cores)) {
    ThreadPool pool({.n_threads = n_threads, .places = on_one_node(cores)});
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
  const std::vector<platform::Core> cores = some_cores();
  if (cores.size() < 2) GTEST_SKIP() << "there is one core";
  ThreadPool pool({.n_threads = 2, .places = on_one_node({cores[0], cores[1]})});
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
  ThreadPool pool({.n_threads = 3, .places = on_one_node({{0}, {CPU_SETSIZE - 1}, {1 << 20}})});
  std::atomic<int> calls{0};
  pool.run([&](int) { ++calls; });
  EXPECT_EQ(calls, 3);
}

TEST(ThreadPool, LeavesTheCallersAffinityAsItWas) {
  const std::vector<platform::Core> cores = some_cores();
  if (cores.size() < 2) GTEST_SKIP() << "there is one core";
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  ThreadPool pool({.n_threads = 2, .places = on_one_node({cores[0], cores[1]})});
  for (int round = 0; round < 100; ++round) pool.run([](int) {});
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace compute::cpu
