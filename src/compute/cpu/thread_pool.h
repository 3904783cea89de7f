#pragma once
// The threads of a CPU backend: created once, each on the core it was given, waiting for short phases of
// work.
//
// Waiting: a thread polls for at most kSpinMicroseconds, then sleeps in the kernel (futex), so that an idle
// pool uses no CPU. A thread that finds it was interrupted while polling (somebody else wants the core)
// sleeps at once, and the pool does not poll again for a while, longer each time it happens again: with more
// runnable threads than cores, polling takes time from whoever has work.
//
// Cores: each worker stays on the core that it was given; the caller, thread 0, is left free, but goes to its
// own core when it starts a phase on a worker's. Without a list nobody is pinned, and where the system
// refuses, that thread is not.
//
// One caller at a time. A phase must not start another one. Work is passed by reference and has ended when a
// call returns.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace compute::cpu {

struct ThreadPoolOptions {
  int n_threads = 1;  // the caller is one of them
  // [n_threads]: the CPUs of each thread's core (platform::worker_cpus()). Empty: nobody is pinned.
  std::vector<std::vector<int>> worker_cpus;
};

class ThreadPool {
 public:
  static constexpr int kSpinMicroseconds = 20;

  // If the system gives fewer threads than asked for, the pool is smaller.
  explicit ThreadPool(const ThreadPoolOptions& options);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  // work(thread_index) once on each thread.
  template <class Work>
  void run(const Work& work) {
    if (workers_.empty()) return work(0);
    run_on_all(
        [](const void* context, int thread_index) { (*static_cast<const Work*>(context))(thread_index); },
        &work);
  }

  // work(begin, end, thread_index) over [0, n): one contiguous part for each thread, the same at every call,
  // so that a thread meets the same memory again. Less than 2 * grain is done by the caller alone, waking
  // nobody.
  template <class Work>
  void split(int64_t n, int64_t grain, const Work& work) {
    if (workers_.empty() || n < 2 * grain) {
      if (n > 0) work(int64_t{0}, n, 0);
      return;
    }
    run([&](int thread_index) {
      const int64_t begin = n * thread_index / size();
      const int64_t end = n * (thread_index + 1) / size();
      if (begin < end) work(begin, end, thread_index);
    });
  }

  // As split(), but only the first 3/4 of each part are a thread's own. The rest is cut into pieces, each
  // half as long as the one before and none shorter than `grain`, which whoever is free takes: a core that is
  // slower, or was taken away for a moment, does not hold up the phase, and all end within a short piece.
  //
  //   part of thread t   | its own: 3/4                       | 1/8      | 1/16 | 1/32 | 1/32 |
  template <class Work>
  void balance(int64_t n, int64_t grain, const Work& work) {
    if (workers_.empty() || n < 2 * grain) {
      if (n > 0) work(int64_t{0}, n, 0);
      return;
    }
    const int n_pieces = pieces_of_part(n / size(), grain);
    next_piece_.store(0, std::memory_order_relaxed);
    run([&](int thread_index) {
      work(part_begin(n, thread_index), piece_begin(n, thread_index, 0, n_pieces), thread_index);
      for (int piece; (piece = next_piece_.fetch_add(1, std::memory_order_relaxed)) < n_pieces * size();) {
        const int part = piece % size(), i = piece / size();  // the long ones of all parts first
        work(piece_begin(n, part, i, n_pieces), piece_begin(n, part, i + 1, n_pieces), thread_index);
      }
    });
  }

  // work(i, thread_index) for i in [0, n), each taken by the next free thread: for items of unequal cost, and
  // for long ones on cores that somebody else may slow down.
  template <class Work>
  void each(int64_t n, const Work& work) {
    if (workers_.empty() || n < 2) {
      for (int64_t i = 0; i < n; ++i) work(i, 0);
      return;
    }
    std::atomic<int64_t> next{0};
    run([&](int thread_index) {
      for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < n;) work(i, thread_index);
    });
  }

 private:
  using Work = void (*)(const void* context, int thread_index);

  void run_on_all(Work work, const void* context);
  bool start_worker(int thread_index);
  void worker_loop(int thread_index);
  void stay_on_core(int thread_index);
  void move_caller_home();

  int64_t part_begin(int64_t n, int part) const { return n * part / size(); }
  // Where piece i of a part begins, for i = n_pieces where the part ends.
  int64_t piece_begin(int64_t n, int part, int i, int n_pieces) const {
    const int64_t end = part_begin(n, part + 1);
    return i == n_pieces ? end : end - ((end - part_begin(n, part)) >> (i + 2));
  }
  static int pieces_of_part(int64_t length, int64_t grain) {
    int n = 0;
    while (n < kMostPieces && (length >> (n + 2)) >= grain) ++n;
    return n;
  }
  static constexpr int kMostPieces = 6;  // the last are 1/128 of a part

  // A word that threads wait for to change, by polling and then by sleeping.
  struct alignas(64) Signal {
    std::atomic<uint32_t> value{0};
    std::atomic<uint32_t> n_sleeping{0};
  };
  // Returns when the value is not `old` (until_zero: when it is 0).
  void wait_while(Signal& signal, uint32_t old);
  void wait_for_zero(Signal& signal);
  bool poll_briefly(const Signal& signal, uint32_t old, bool until_zero);
  void wake(Signal& signal);
  void give_way(int64_t now);

  Signal phase_;                     // counts phases; workers wait for it
  Signal n_working_;                 // workers still in this phase; the caller waits for 0
  alignas(64) Work work_ = nullptr;  // of this phase
  const void* context_ = nullptr;
  bool stopping_ = false;

  alignas(64) std::atomic<int> next_piece_{0};  // of balance()
  // Polling is off until then; and for how long it was or is.
  alignas(64) std::atomic<int64_t> crowded_until_ns_{0};
  std::atomic<int64_t> crowded_ns_{0};
  const std::vector<std::vector<int>> worker_cpus_;  // [size()] or more, of each thread's core, or empty
  std::vector<bool> is_worker_cpu_;                  // of any thread but the caller
  std::vector<std::jthread> workers_;
};

}  // namespace compute::cpu
