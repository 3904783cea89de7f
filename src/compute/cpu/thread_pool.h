#pragma once
// The threads of a CPU backend: created once, each on the core it was given, waiting for short phases of
// work.
//
// Waiting: a thread polls for at most kSpinMicroseconds, then sleeps in the kernel (futex), so that an idle
// pool uses no CPU. A thread that finds it was interrupted while polling (somebody else wants the core)
// sleeps at once, and the pool does not poll again for a while, longer each time it happens again: with more
// runnable threads than cores, polling takes time from whoever has work. So does a thread that has polled in
// vain for others of its phase several times in a row.
//
// Nodes: threads of one memory node share the words that they wait at; what all must know crosses between
// nodes once for each node. See docs/numa.md.
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
#include <memory>
#include <thread>
#include <vector>

#include "platform/topology.h"

namespace compute::cpu {

struct ThreadPoolOptions {
  int n_threads = 1;  // the caller is one of them
  // [n_threads] (platform::thread_places()): threads of a node side by side. Empty: nobody is pinned, and all
  // are on one node.
  std::vector<platform::Place> places;
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

  // Within a run(): returns when all threads of the run are here. All must call it equally often.
  void meet(int thread_index) {
    if (!workers_.empty()) wait_for_others(thread_index, arrive(thread_index));
  }

  // As split(), but only the first 3/4 of each part are a thread's own. The rest is cut into pieces, each
  // half as long as the one before and none shorter than `grain`, which whoever of the same node is free
  // takes: a core that is slower, or was taken away for a moment, does not hold up the phase, and all end
  // within a short piece.
  //
  //   part of thread t   | its own: 3/4                       | 1/8      | 1/16 | 1/32 | 1/32 |
  template <class Work>
  void balance(int64_t n, int64_t grain, const Work& work) {
    if (workers_.empty() || n < 2 * grain) {
      if (n > 0) work(int64_t{0}, n, 0);
      return;
    }
    run([&](int thread_index) { balance_part(n, grain, thread_index, work); });
  }

  // Within a run(): what balance() has this thread do. All threads must call it alike, and meet() before the
  // next time.
  template <class Work>
  void balance_part(int64_t n, int64_t grain, int thread_index, const Work& work) {
    const int n_pieces = pieces_of_part(n / size(), grain);
    work(part_begin(n, thread_index), piece_begin(n, thread_index, 0, n_pieces), thread_index);
    Member& self = members_[static_cast<size_t>(thread_index)];
    Group& group = *self.group;
    const auto n_members = static_cast<uint32_t>(group.n_members);
    const uint32_t n_taken = static_cast<uint32_t>(n_pieces) * n_members;
    for (uint32_t piece;
         (piece = group.next_piece.fetch_add(1, std::memory_order_relaxed) - self.first_piece) < n_taken;) {
      const int part = group.first_thread + static_cast<int>(piece % n_members);
      const int i = static_cast<int>(piece / n_members);  // the long ones of all parts first
      work(piece_begin(n, part, i, n_pieces), piece_begin(n, part, i + 1, n_pieces), thread_index);
    }
    self.first_piece += n_taken + n_members;  // each has asked once in vain
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

  // Since the pool was made, by all its threads: how often one slept, and how often one had first polled for
  // as long as it may for others of its phase.
  struct Waits {
    uint64_t sleeps;
    uint64_t vain_polls;
  };
  Waits waits() const { return {n_sleeps_.load(), n_vain_polls_.load()}; }

 private:
  using Work = void (*)(const void* context, int thread_index);

  void run_on_all(Work work, const void* context);
  void begin_phase();
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

  // A counter that threads wait for, by polling and then by sleeping. It wraps around.
  struct alignas(64) Signal {
    std::atomic<uint32_t> value{0};
    std::atomic<uint32_t> n_sleeping{0};
  };
  static bool has_reached(uint32_t value, uint32_t target) {
    return static_cast<int32_t>(value - target) >= 0;
  }

  // The threads of a node. `met` counts their arrivals at meetings (the end of a phase is one) and, if there
  // are several groups, one more for each meeting, added when all groups are there:
  //
  //   group 0   met: +1 +1 +1, the last of them --> groups_met_: +1   --+--> met: +1, its threads go on
  //   group 1   met: +1 +1 +1, the last of them --> groups_met_:    +1 -+--> met: +1
  struct Group {
    int first_thread = 0;
    int n_members = 0;
    uint32_t groups_target = 0;  // of groups_met_, for whoever is the last of this group
    Signal phase;                // counts phases; workers wait for the next
    Signal met;
    alignas(64) std::atomic<uint32_t> next_piece{0};  // of balance(); never reset
  };
  // What a thread remembers. Only the thread itself touches the numbers.
  struct alignas(64) Member {
    Group* group = nullptr;
    uint32_t met_target = 0;   // of group->met, at the latest meeting
    uint32_t first_piece = 0;  // group->next_piece when the next balance() begins
  };
  void make_groups(int n_threads);
  void leave_out_threads_from(int n_threads);
  // Says that this thread is here, and returns the value of its group's `met` when all are.
  uint32_t arrive(int thread_index);
  void wait_for_others(int thread_index, uint32_t target);

  // Returns when the counter has reached `target`: true if polling took all the time it has, and in vain.
  bool wait_until(Signal& signal, uint32_t target);
  enum class Polled { reached, in_vain, not_now };
  Polled poll_briefly(const Signal& signal, uint32_t target);
  void wake(Signal& signal);
  void give_way(int64_t now, int64_t most_ns);

  std::unique_ptr<Group[]> groups_;  // [n_groups_] or more
  int n_groups_ = 0;
  std::vector<Member> members_;      // [size()] or more
  Signal groups_met_;                // at the meetings of several groups
  alignas(64) Work work_ = nullptr;  // of this phase
  const void* context_ = nullptr;
  bool stopping_ = false;

  // Polling is off until then; and for how long it was or is.
  alignas(64) std::atomic<int64_t> crowded_until_ns_{0};
  std::atomic<int64_t> crowded_ns_{0};
  std::atomic<uint32_t> n_vain_in_a_row_{0};
  std::atomic<uint64_t> n_sleeps_{0}, n_vain_polls_{0};
  const std::vector<platform::Place> places_;  // [size()] or more, or empty
  std::vector<bool> is_worker_cpu_;            // of any thread but the caller
  std::vector<std::jthread> workers_;
};

}  // namespace compute::cpu
