#include "compute/cpu/roof.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "compute/cpu/panel_memory.h"
#include "compute/cpu/roof_loops.h"
#include "compute/cpu/thread_pool.h"
#include "platform/memory_facts.h"

namespace compute::cpu {
namespace {

constexpr int kRuns = 12;
constexpr double kRunSeconds = 0.008;
constexpr double kMostSeconds = 0.2;  // of all runs of one figure
constexpr uint64_t kDefaultReadBytes = uint64_t{1} << 30;
constexpr uint64_t kMinReadBytes = uint64_t{1} << 20;

template <class Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Fewer runs where they take long, on a machine that others use.
template <class Work>
double best_seconds(int n_runs, const Work& work) {
  double best = seconds(work);
  double total = best;
  for (int i = 1; i < n_runs && total < kMostSeconds; ++i) {
    const double time = seconds(work);
    best = std::min(best, time);
    total += time;
  }
  return best;
}

// Operations per second of all threads together.
double rate(ThreadPool& pool, const RoofLoop& loop) {
  int64_t n = 1;
  const auto run = [&] { pool.run([&](int) { loop.run(n); }); };
  // Three tries: one alone may have met a thread that was just waking up, and make the loop look slow.
  while (best_seconds(3, run) < kRunSeconds / 4) n *= 2;
  n = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(n) * kRunSeconds / best_seconds(3, run)));
  return loop.ops_per_iteration * static_cast<double>(n) * pool.size() / best_seconds(kRuns, run);
}

double read_rate(ThreadPool& pool, const RoofLoops& loops, const std::byte* buffer, uint64_t n_bytes) {
  constexpr int64_t kLine = 1024;
  const auto read_all = [&](bool prefetch) {
    pool.split(static_cast<int64_t>(n_bytes) / kLine, 1, [&](int64_t begin, int64_t end, int) {
      loops.read(buffer + begin * kLine, static_cast<size_t>((end - begin) * kLine), prefetch);
    });
  };
  const double time = std::min(best_seconds(kRuns, [&] { read_all(/*prefetch=*/false); }),
                               best_seconds(kRuns, [&] { read_all(/*prefetch=*/true); }));
  return static_cast<double>(n_bytes - n_bytes % kLine) / time;
}

uint64_t buffer_bytes(const RoofOptions& options) {
  if (options.read_buffer_bytes != 0) return std::max(options.read_buffer_bytes, kMinReadBytes);
  return std::clamp(platform::memory_facts().usable_bytes / 4, kMinReadBytes, kDefaultReadBytes);
}

}  // namespace

base::Result<Roof> measure_roof(const RoofOptions& options) {
  ThreadPool pool({.n_threads = options.n_threads, .places = options.places});
  const RoofLoops loops = roof_loops();
  Roof roof{.n_threads = pool.size(), .read_buffer_bytes = buffer_bytes(options)};
  {
    const PanelMemory buffer = TRY(PanelMemory::allocate(roof.read_buffer_bytes));
    // Written once: pages that were never touched all read the same zeros from the cache.
    pool.split(static_cast<int64_t>(roof.read_buffer_bytes), 1, [&](int64_t begin, int64_t end, int) {
      std::memset(buffer.data() + begin, 1, static_cast<size_t>(end - begin));
    });
    roof.read_bytes_per_second = read_rate(pool, loops, buffer.data(), roof.read_buffer_bytes);
  }
  if (!options.arithmetic) return roof;
  roof.fp32_flops_per_second = rate(pool, loops.fp32);
  if (loops.int8) roof.int8_ops_per_second = rate(pool, *loops.int8);
  if (loops.bf16) roof.bf16_flops_per_second = rate(pool, *loops.bf16);
  for (const RoofLoops::Tile& tile : loops.int8_tiles) {
    roof.int8_tiles.push_back({tile.group, rate(pool, tile.loop)});
  }
  return roof;
}

}  // namespace compute::cpu
