// How near do the matrix products come to the machine's limits? Every type and kernel table that runs here:
//
//   read                            a plain read of memory: the limit of linear/.../tokens:1
//   dot_int8                        integer dot products in registers: the limit of linear/.../tokens:512
//   linear/TABLE/TYPE/tokens:N      a product with 2048 columns; weights come from memory for up to 16 tokens
//                                   (bytes/s: of weights), for 512 from the caches (ops/s: 2 per weight and
//                                   token)
//
//   build/release/bin/linear_bench --benchmark_filter=Q4_K
#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "compute/cpu/kernels/dispatch.h"
#include "compute/cpu/packed_layouts.h"
#include "compute/cpu/panel_memory.h"
#include "compute/cpu/roof_loops.h"

namespace {

using namespace compute::cpu;

constexpr int64_t kColumns = 2048;
constexpr uint64_t kMemoryBytes = uint64_t{512} << 20;  // more than a last-level cache keeps for one process
constexpr uint64_t kSegmentBytes = uint64_t{1} << 20;   // weights of one product

// Bytes that are harmless as any type's scales: F16 and E8M0 codes of moderate size.
PanelMemory weight_bytes() {
  PanelMemory memory = PanelMemory::allocate(kMemoryBytes).value();
  std::mt19937 random(1);
  for (uint64_t i = 0; i < kMemoryBytes; i += 4) {
    const uint32_t word = (static_cast<uint32_t>(random()) & 0x0F0F0F0F) | 0x30303030;
    std::memcpy(memory.data() + i, &word, 4);
  }
  return memory;
}

std::vector<float> random_floats(int64_t n) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& value : x) value = normal(random);
  return x;
}

// One product over the next segment of the memory, and its input and output.
class Product {
 public:
  Product(const KernelTable& table, tensor::DType type, int64_t n_tokens, const std::byte* weights)
      : table_(table),
        elements_(layout_of(type)->block_elements == 1),
        n_tokens_(n_tokens),
        weights_(weights),
        matrix_(packed_shape(type, kPanelRows, kColumns)),
        x_(random_floats(n_tokens * kColumns)),
        quantised_(PanelMemory::allocate(QuantizedRows::size_bytes(n_tokens, kColumns)).value()),
        rows_(QuantizedRows::in(quantised_.data(), n_tokens, kColumns, table.tile_tokens)) {
    matrix_.n_rows = static_cast<int64_t>(kSegmentBytes) / matrix_.panel_bytes * kPanelRows;
    y_.resize(n_tokens * matrix_.n_rows);
    for (int64_t t = 0; t < n_tokens; ++t) table.quantize_row(&x_[t * kColumns], kColumns, rows_.row(t));
  }

  int64_t bytes() const { return matrix_.n_panels() * matrix_.panel_bytes; }
  int64_t operations() const { return 2 * matrix_.n_rows * kColumns * n_tokens_; }

  void run(bool walk) {
    matrix_.panels = weights_ + at_;
    const KernelTable::LinearOutput out{y_.data(), matrix_.n_rows, nullptr, false};
    if (elements_)
      table_.linear_exact(matrix_, 0, matrix_.n_panels(), x_.data(), kColumns, n_tokens_, out);
    else
      table_.linear_fast(matrix_, 0, matrix_.n_panels(), rows_, 0, n_tokens_, out);
    benchmark::DoNotOptimize(y_.data());
    if (walk) at_ = (at_ + kSegmentBytes) % kMemoryBytes;
  }

 private:
  const KernelTable& table_;
  bool elements_;
  int64_t n_tokens_;
  const std::byte* weights_;
  uint64_t at_ = 0;
  PackedMatrix matrix_;
  std::vector<float> x_, y_;
  PanelMemory quantised_;
  QuantizedRows rows_;
};

void measure_product(benchmark::State& state, const KernelTable* table, tensor::DType type, int64_t n_tokens,
                     const std::byte* weights) {
  Product product(*table, type, n_tokens, weights);
  for (auto _ : state) product.run(/*walk=*/n_tokens <= 16);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * product.bytes());
  state.counters["ops/s"] = benchmark::Counter(static_cast<double>(state.iterations() * product.operations()),
                                               benchmark::Counter::kIsRate);
}

void measure_read(benchmark::State& state, const std::byte* memory) {
  const RoofLoops loops = roof_loops();
  uint64_t at = 0;
  for (auto _ : state) {
    loops.read(memory + at, kSegmentBytes, /*prefetch=*/true);
    at = (at + kSegmentBytes) % kMemoryBytes;
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kSegmentBytes));
}

void measure_dots(benchmark::State& state) {
  const RoofLoop loop = roof_loops().int8.value();
  for (auto _ : state) loop.run(100'000);
  state.counters["ops/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 100'000 * loop.ops_per_iteration,
                         benchmark::Counter::kIsRate);
}

void register_products(const std::byte* memory) {
  for (const KernelChoice& choice : built_kernels()) {
    if (!choice.runs_here || choice.table == &scalar_kernels()) continue;
    for (const PackedLayout& layout : kLayouts)
      for (const int64_t n_tokens : {1, 2, 4, 8, 16, 512}) {
        const std::string name = std::string("linear/") + choice.table->name + "/" +
                                 std::string(tensor::name(layout.type)) +
                                 "/tokens:" + std::to_string(n_tokens);
        benchmark::RegisterBenchmark(name.c_str(), measure_product, choice.table, layout.type, n_tokens,
                                     memory);
      }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const PanelMemory memory = weight_bytes();
  benchmark::RegisterBenchmark("read", measure_read, memory.data());
  if (roof_loops().int8) benchmark::RegisterBenchmark("dot_int8", measure_dots);
  register_products(memory.data());
  benchmark::RunSpecifiedBenchmarks();
}
