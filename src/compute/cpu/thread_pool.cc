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
    : worker_cpus_(options.worker_cpus), is_worker_cpu_(CPU_SETSIZE, false) {
  const int n_workers = std::max(0, options.n_threads - 1);
  CHECK(worker_cpus_.empty() || worker_cpus_.size() == static_cast<size_t>(n_workers) + 1);
  for (size_t i = 1; i < worker_cpus_.size(); ++i) {
    for (const int cpu : worker_cpus_[i])
      if (is_in_set(cpu)) is_worker_cpu_[cpu] = true;
  }
  workers_.reserve(n_workers);
  for (int i = 1; i <= n_workers && start_worker(i); ++i) {
  }
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
  phase_.value.fetch_add(1);
  wake(phase_);
}

void ThreadPool::run_on_all(Work work, const void* context) {
  move_caller_home();
  work_ = work;
  context_ = context;
  n_working_.value.store(static_cast<uint32_t>(workers_.size()), std::memory_order_relaxed);
  phase_.value.fetch_add(1);  // publishes the fields above
  wake(phase_);
  work(context, 0);
  wait_for_zero(n_working_);
}

void ThreadPool::worker_loop(int thread_index) {
  stay_on_core(thread_index);
  for (uint32_t phase = 0;;) {
    wait_while(phase_, phase);
    ++phase;
    if (stopping_) return;
    work_(context_, thread_index);
    if (n_working_.value.fetch_sub(1) == 1) wake(n_working_);
  }
}

void ThreadPool::stay_on_core(int thread_index) {
  if (!worker_cpus_.empty()) go_to(worker_cpus_[thread_index]);
}

void ThreadPool::move_caller_home() {
  if (worker_cpus_.empty()) return;
  const int here = sched_getcpu();
  if (!is_in_set(here) || !is_worker_cpu_[here]) return;
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  // Moved at once by the first call; the second leaves the scheduler and child threads their freedom.
  if (go_to(worker_cpus_[0])) sched_setaffinity(0, sizeof all, &all);
}

bool ThreadPool::poll_briefly(const Signal& signal, uint32_t old, bool until_zero) {
  const auto arrived = [&] {
    const uint32_t value = signal.value.load(std::memory_order_acquire);
    return until_zero ? value == 0 : value != old;
  };
  if (arrived()) return true;
  const int64_t start = now_ns();
  if (start < crowded_until_ns_.load(std::memory_order_relaxed)) return false;
  long preemptions_before = -1;  // not yet asked: most waits are shorter than the question
  for (int64_t last = start; last - start < kSpinMicroseconds * 1000;) {
    for (int i = 0; i < 4; ++i) {
      pause();
      if (arrived()) return true;
    }
    const int64_t now = now_ns();
    if (preemptions_before < 0 && now - start > 2'000) preemptions_before = n_preemptions();
    if (now - last > kGapNs && preemptions_before >= 0 && n_preemptions() > preemptions_before) {
      give_way(now);
      return arrived();
    }
    last = now;
  }
  return false;
}

// Twice as long as the last time if that is not long ago. Threads may do this at once: either's times will
// do.
void ThreadPool::give_way(int64_t now) {
  const int64_t last = crowded_ns_.load(std::memory_order_relaxed);
  const int64_t until = crowded_until_ns_.load(std::memory_order_relaxed);
  const bool again = now - until < 8 * last;
  const int64_t next = again ? std::min(2 * last, kMostCrowdedNs) : kLeastCrowdedNs;
  crowded_ns_.store(next, std::memory_order_relaxed);
  crowded_until_ns_.store(now + next, std::memory_order_relaxed);
}

// A sleeper counts itself before it looks at the value for the last time, and a waker changes the value
// before it looks at the count (both sequentially consistent): one of them sees the other.
void ThreadPool::wait_while(Signal& signal, uint32_t old) {
  if (poll_briefly(signal, old, /*until_zero=*/false)) return;
  signal.n_sleeping.fetch_add(1);
  while (signal.value.load() == old) futex_wait(signal.value, old);
  signal.n_sleeping.fetch_sub(1);
}

void ThreadPool::wait_for_zero(Signal& signal) {
  if (poll_briefly(signal, 0, /*until_zero=*/true)) return;
  signal.n_sleeping.fetch_add(1);
  for (uint32_t value; (value = signal.value.load()) != 0;) futex_wait(signal.value, value);
  signal.n_sleeping.fetch_sub(1);
}

void ThreadPool::wake(Signal& signal) {
  if (signal.n_sleeping.load() != 0) futex_wake_all(signal.value);
}

}  // namespace compute::cpu
