#include "compute/cpu/thread_pool.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "base/check.h"

namespace compute::cpu {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kGapNs = 10'000;  // between two looks at the clock: the thread may have been off its core
// How long polling stays off when it was: once in a while the kernel takes a core for a moment even on a
// quiet machine, and a phase whose threads sleep costs 20 us more; but somebody who keeps wanting the core
// gets it.
constexpr int64_t kLeastCrowdedNs = 500'000;
constexpr int64_t kMostCrowdedNs = 32'000'000;
// As many vain polls in a row mean that the others are not running. Long phases of unequal length look the
// same, so that is forgotten soon: one token of a small model takes as long.
constexpr uint32_t kVainPolls = 3;
constexpr int64_t kMostVainNs = 2'000'000;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void futex_wait(std::atomic<uint32_t>& word, uint32_t expected) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futex_wake_all(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

// Beyond are machines that a cpu_set_t has no bit for.
bool is_in_set(int cpu) {
  return cpu >= 0 && cpu < CPU_SETSIZE;
}

// False if the system refuses, which only costs speed.
bool go_to(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus)
    if (is_in_set(cpu)) CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

// How often the kernel gave this thread's core to another thread. (A virtual machine's core that was taken
// away from outside does not count: sleeping would not help.)
long n_preemptions() {
  rusage usage;
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

}  // namespace

ThreadPool::ThreadPool(const ThreadPoolOptions& options)
    : places_(options.places), is_worker_cpu_(CPU_SETSIZE, false) {
  const int n_workers = std::max(0, options.n_threads - 1);
  CHECK(places_.empty() || places_.size() == static_cast<size_t>(n_workers) + 1);
  for (size_t i = 1; i < places_.size(); ++i) {
    for (const int cpu : places_[i].cpus)
      if (is_in_set(cpu)) is_worker_cpu_[static_cast<size_t>(cpu)] = true;
  }
  make_groups(n_workers + 1);
  workers_.reserve(static_cast<size_t>(n_workers));
  for (int i = 1; i <= n_workers && start_worker(i); ++i) {
  }
  leave_out_threads_from(size());
}

// A group for each run of threads on the same node.
void ThreadPool::make_groups(int n_threads) {
  groups_ = std::make_unique<Group[]>(static_cast<size_t>(n_threads));
  members_ = std::vector<Member>(static_cast<size_t>(n_threads));
  for (size_t i = 0; i < members_.size(); ++i) {
    const bool is_first = i == 0 || (!places_.empty() && places_[i].node != places_[i - 1].node);
    if (is_first) groups_[static_cast<size_t>(n_groups_++)].first_thread = static_cast<int>(i);
    members_[i].group = &groups_[static_cast<size_t>(n_groups_ - 1)];
    ++members_[i].group->n_members;
  }
}

// Before the first phase.
void ThreadPool::leave_out_threads_from(int n_threads) {
  for (size_t i = static_cast<size_t>(n_threads); i < members_.size(); ++i) --members_[i].group->n_members;
  while (groups_[static_cast<size_t>(n_groups_ - 1)].n_members == 0) --n_groups_;
}

// False if the system has no more threads to give: those that run already are the pool.
bool ThreadPool::start_worker(int thread_index) {
  try {
    workers_.emplace_back([this, thread_index] { worker_loop(thread_index); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

ThreadPool::~ThreadPool() {
  if (workers_.empty()) return;
  stopping_ = true;
  begin_phase();
}

void ThreadPool::run_on_all(Work work, const void* context) {
  move_caller_home();
  work_ = work;
  context_ = context;
  begin_phase();
  work(context, 0);
  wait_for_others(0, arrive(0));
}

// Publishes the fields that say what is to be done.
void ThreadPool::begin_phase() {
  for (Group* group = groups_.get(); group != groups_.get() + n_groups_; ++group) {
    group->phase.value.fetch_add(1);
    wake(group->phase);
  }
}

void ThreadPool::worker_loop(int thread_index) {
  stay_on_core(thread_index);
  Signal& phases = members_[static_cast<size_t>(thread_index)].group->phase;
  for (uint32_t phase = 1;; ++phase) {
    wait_until(phases, phase);
    if (stopping_) return;
    work_(context_, thread_index);
    arrive(thread_index);
  }
}

uint32_t ThreadPool::arrive(int thread_index) {
  Member& self = members_[static_cast<size_t>(thread_index)];
  Group& group = *self.group;
  const uint32_t n_added_for_all = n_groups_ > 1 ? 1 : 0;
  self.met_target += static_cast<uint32_t>(group.n_members) + n_added_for_all;
  const uint32_t target = self.met_target;
  if (group.met.value.fetch_add(1) + 1 != target - n_added_for_all) return target;
  if (n_groups_ > 1) {
    group.groups_target += static_cast<uint32_t>(n_groups_);
    if (groups_met_.value.fetch_add(1) + 1 == group.groups_target)
      wake(groups_met_);
    else
      wait_until(groups_met_, group.groups_target);
    group.met.value.fetch_add(1);
  }
  wake(group.met);
  return target;
}

// Most polls end in time, so the count of those in vain is rarely written.
void ThreadPool::wait_for_others(int thread_index, uint32_t target) {
  if (!wait_until(members_[static_cast<size_t>(thread_index)].group->met, target)) {
    if (n_vain_in_a_row_.load(std::memory_order_relaxed) != 0)
      n_vain_in_a_row_.store(0, std::memory_order_relaxed);
    return;
  }
  n_vain_polls_.fetch_add(1, std::memory_order_relaxed);
  if (n_vain_in_a_row_.fetch_add(1, std::memory_order_relaxed) + 1 < kVainPolls) return;
  n_vain_in_a_row_.store(0, std::memory_order_relaxed);
  give_way(now_ns(), kMostVainNs);
}

void ThreadPool::stay_on_core(int thread_index) {
  if (!places_.empty()) go_to(places_[static_cast<size_t>(thread_index)].cpus);
}

void ThreadPool::move_caller_home() {
  if (places_.empty()) return;
  const int here = sched_getcpu();
  if (!is_in_set(here) || !is_worker_cpu_[static_cast<size_t>(here)]) return;
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  // Moved at once by the first call; the second leaves the scheduler and child threads their freedom.
  if (go_to(places_[0].cpus)) sched_setaffinity(0, sizeof all, &all);
}

ThreadPool::Polled ThreadPool::poll_briefly(const Signal& signal, uint32_t target) {
  const auto arrived = [&] { return has_reached(signal.value.load(std::memory_order_acquire), target); };
  if (arrived()) return Polled::reached;
  const int64_t start = now_ns();
  if (start < crowded_until_ns_.load(std::memory_order_relaxed)) return Polled::not_now;
  long preemptions_before = -1;  // not yet asked: most waits are shorter than the question
  for (int64_t last = start; last - start < kSpinMicroseconds * 1000;) {
    for (int i = 0; i < 4; ++i) {
      pause();
      if (arrived()) return Polled::reached;
    }
    const int64_t now = now_ns();
    if (preemptions_before < 0 && now - start > 2'000) preemptions_before = n_preemptions();
    if (now - last > kGapNs && preemptions_before >= 0 && n_preemptions() > preemptions_before) {
      give_way(now, kMostCrowdedNs);
      return arrived() ? Polled::reached : Polled::not_now;
    }
    last = now;
  }
  return Polled::in_vain;
}

// Twice as long as the last time if that is not long ago. Threads may do this at once: either's times will
// do.
void ThreadPool::give_way(int64_t now, int64_t most_ns) {
  const int64_t last = crowded_ns_.load(std::memory_order_relaxed);
  const int64_t until = crowded_until_ns_.load(std::memory_order_relaxed);
  const bool again = now - until < 8 * last;
  const int64_t next = again ? std::min(2 * last, most_ns) : kLeastCrowdedNs;
  crowded_ns_.store(next, std::memory_order_relaxed);
  crowded_until_ns_.store(now + next, std::memory_order_relaxed);
}

// A sleeper counts itself before it looks at the value for the last time, and a waker changes the value
// before it looks at the count (both sequentially consistent): one of them sees the other.
bool ThreadPool::wait_until(Signal& signal, uint32_t target) {
  const Polled polled = poll_briefly(signal, target);
  if (polled == Polled::reached) return false;
  signal.n_sleeping.fetch_add(1);
  for (uint32_t value; !has_reached(value = signal.value.load(), target);) {
    n_sleeps_.fetch_add(1, std::memory_order_relaxed);
    futex_wait(signal.value, value);
  }
  signal.n_sleeping.fetch_sub(1);
  return polled == Polled::in_vain;
}

void ThreadPool::wake(Signal& signal) {
  if (signal.n_sleeping.load() != 0) futex_wake_all(signal.value);
}

}  // namespace compute::cpu
