// How near does attention over pages come to the machine's limits? Every cache type and kernel table that
// runs here:
//
//   read                                    a plain read of memory: the limit of few queries
//   fma                                     float32 in registers: the limit of many
//   attend/TABLE/TYPE/dim:D/queries:N       all queries meet one page after the other; pages come from memory
//                                           for up to 16 queries, from the caches for 84 (bytes/s: of pages;
//                                           ops/s: 4 for each dimension, key and query)
//   step/TYPE/sequences:S/depth:D/...       everything between QKV and output product of a decode step of
//                                           Qwen2.5-0.5B (24 layers, 14 query heads on 2 KV heads of 64), on
//                                           two threads (bytes/s: of all keys and values)
//
//   build/release/bin/attention_bench --benchmark_filter=avx512/bf16
#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compute/cpu/kernels/dispatch.h"
#include "compute/cpu/kv_pages.h"
#include "compute/cpu/panel_memory.h"
#include "compute/cpu/roof_loops.h"

namespace {

using namespace compute;
using namespace compute::cpu;

constexpr int64_t kMemoryBytes = int64_t{256} << 20;

std::vector<float> random_floats(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& value : x) value = normal(random);
  return x;
}

// A memory of pages of one head in one layer, all filled, and queries that have met a page before.
class Attended {
 public:
  Attended(KvType type, int head_dim, int n_queries, int64_t memory_bytes)
      : shape_{.n_layers = 1, .n_kv_heads = 1, .head_dim = head_dim, .type = type},
        pages_(KvPages::make(shape_, memory_bytes / static_cast<int64_t>(shape_.page_bytes())).value()),
        q_(random_floats(int64_t{n_queries} * head_dim, 1)),
        values_(q_.size()),
        partials_(n_queries, PagePartial{.max = 1.0f, .sum = 1.0f}) {
    const std::vector<float> rows = random_floats(int64_t{head_dim} * kPageTokens, 2);
    pages_->store(0, 0, 0, 0, kPageTokens, rows.data(), rows.data(), head_dim);
    for (int64_t page = 1; page < pages_->n_pages(); ++page)
      pages_->copy_page(0, static_cast<int32_t>(page), kPageTokens);
    for (int i = 0; i < n_queries; ++i)
      queries_.push_back({.q = &q_[int64_t{i} * head_dim],
                          .n_keys = kPageTokens,
                          .merge = true,
                          .partial = &partials_[i],
                          .values = &values_[int64_t{i} * head_dim]});
  }

  void run(const KernelTable& table) {
    const auto next = static_cast<int32_t>((page_ + 1) % pages_->n_pages());
    table.attend_page(shape_.type, pages_->k(page_, 0, 0), pages_->v(page_, 0, 0), shape_.head_dim, 0.1f,
                      queries_.data(), static_cast<int>(queries_.size()), pages_->k(next, 0, 0));
    benchmark::DoNotOptimize(values_.data());
    page_ = next;
  }

  int64_t bytes() const { return static_cast<int64_t>(shape_.page_bytes()); }
  int64_t operations() const {
    return int64_t{4} * shape_.head_dim * kPageTokens * static_cast<int64_t>(queries_.size());
  }

 private:
  KvShape shape_;
  std::unique_ptr<KvPages> pages_;
  std::vector<float> q_, values_;
  std::vector<PagePartial> partials_;
  std::vector<KernelTable::PageQuery> queries_;
  int32_t page_ = 0;
};

void measure(benchmark::State& state, const KernelTable* table, KvType type, int head_dim, int n_queries) {
  Attended attended(type, head_dim, n_queries, n_queries <= 16 ? kMemoryBytes : int64_t{1} << 20);
  for (auto _ : state) attended.run(*table);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * attended.bytes());
  state.counters["ops/s"] = benchmark::Counter(
      static_cast<double>(state.iterations() * attended.operations()), benchmark::Counter::kIsRate);
}

// Decode steps of some sequences, all at the same depth, over all layers.
class Steps {
 public:
  Steps(KvType type, int n_sequences, int depth)
      : kv_shape_{.n_layers = 24, .n_kv_heads = shape_.n_kv_heads, .head_dim = shape_.head_dim, .type = type},
        backend_(make_cpu_backend({.n_threads = 2}).value()),
        pages_of_sequence_(depth / kPageTokens + 1),
        memory_(backend_->make_kv_memory(kv_shape_, n_sequences * pages_of_sequence_).value()),
        frequencies_(shape_.head_dim / 2, 0.1f),
        q_(random_floats(int64_t{n_sequences} * shape_.n_heads * shape_.head_dim, 1)),
        k_(random_floats(int64_t{n_sequences} * shape_.n_kv_heads * shape_.head_dim, 2)),
        output_(q_.size()),
        page_numbers_(n_sequences * pages_of_sequence_) {
    for (size_t page = 0; page < page_numbers_.size(); ++page)
      page_numbers_[page] = static_cast<int32_t>(page);
    for (int i = 0; i < n_sequences; ++i)
      sequences_.push_back({.first_row = i, .n_rows = 1, .position = depth, .pages = pages_of(i)});
    fill();
  }

  void run() {
    const int64_t n = std::ssize(sequences_);
    for (int layer = 0; layer < kv_shape_.n_layers; ++layer)
      backend_->attention_step({.q = rows(q_, n),
                                .k = rows(k_, n),
                                .v = rows(k_, n),
                                .rope = {.inverse_frequencies = frequencies_},
                                .memory = *memory_,
                                .layer_index = layer,
                                .shape = shape_,
                                .sequences = sequences_,
                                .output = rows(output_, n)});
  }

  int64_t bytes() const { return std::ssize(page_numbers_) * static_cast<int64_t>(kv_shape_.page_bytes()); }

 private:
  static Rows rows(std::vector<float>& memory, int64_t n) {
    return {memory.data(), n, std::ssize(memory) / n};
  }
  std::span<const int32_t> pages_of(int sequence) const {
    return std::span(page_numbers_).subspan(sequence * pages_of_sequence_, pages_of_sequence_);
  }

  // One page of keys by way of the backend, copies of it for the others.
  void fill() {
    std::vector<float> tokens = random_floats(int64_t{kPageTokens} * shape_.n_kv_heads * shape_.head_dim, 3);
    const SequenceRows first_page{.n_rows = kPageTokens, .pages = pages_of(0)};
    for (int layer = 0; layer < kv_shape_.n_layers; ++layer)
      backend_->store_kv(*memory_, layer, rows(tokens, kPageTokens), rows(tokens, kPageTokens),
                         {&first_page, 1});
    for (size_t page = 1; page < page_numbers_.size(); ++page)
      backend_->copy_page(*memory_, 0, page_numbers_[page], kPageTokens);
  }

  const AttentionShape shape_{.n_heads = 14, .n_kv_heads = 2, .head_dim = 64, .scale = 0.125f};
  const KvShape kv_shape_;
  std::unique_ptr<Backend> backend_;
  int64_t pages_of_sequence_;
  std::unique_ptr<KvMemory> memory_;
  std::vector<float> frequencies_, q_, k_, output_;
  std::vector<int32_t> page_numbers_;
  std::vector<SequenceRows> sequences_;
};

void measure_step(benchmark::State& state, KvType type, int n_sequences, int depth) {
  Steps steps(type, n_sequences, depth);
  for (auto _ : state) steps.run();
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * steps.bytes());
}

void measure_read(benchmark::State& state) {
  const PanelMemory memory = PanelMemory::allocate(kMemoryBytes).value();
  std::memset(memory.data(), 1, kMemoryBytes);
  const RoofLoops loops = roof_loops();
  for (auto _ : state) loops.read(memory.data(), kMemoryBytes, /*prefetch=*/true);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kMemoryBytes);
}

void measure_fma(benchmark::State& state) {
  const RoofLoop loop = roof_loops().fp32;
  for (auto _ : state) loop.run(100'000);
  state.counters["ops/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 100'000 * loop.ops_per_iteration,
                         benchmark::Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("read", measure_read);
  benchmark::RegisterBenchmark("fma", measure_fma);
  for (const KernelChoice& choice : built_kernels()) {
    if (!choice.runs_here || choice.table == &scalar_kernels()) continue;
    for (const KvType type : {KvType::f32, KvType::bf16, KvType::int8, KvType::q4}) {
      for (const int head_dim : {64, 128}) {
        for (const int n_queries : {1, 4, 7, 8, 84}) {
          const std::string name = std::string("attend/") + choice.table->name + "/" + compute::name(type) +
                                   "/dim:" + std::to_string(head_dim) +
                                   "/queries:" + std::to_string(n_queries);
          benchmark::RegisterBenchmark(name.c_str(), measure, choice.table, type, head_dim, n_queries);
        }
      }
    }
  }
  for (const KvType type : {KvType::f32, KvType::bf16, KvType::int8, KvType::q4}) {
    for (const auto& [n_sequences, depth] : {std::pair{1, 0}, {1, 4096}, {1, 16384}, {8, 0}, {8, 4096}}) {
      const std::string name = std::string("step/") + compute::name(type) +
                               "/sequences:" + std::to_string(n_sequences) +
                               "/depth:" + std::to_string(depth);
      benchmark::RegisterBenchmark(name.c_str(), measure_step, type, n_sequences, depth)->UseRealTime();
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
