// What do the operations between two matrix products cost? Every kernel table that runs here, by row width:
//
//   rms_norm, silu_multiply, quantize_row/TABLE/WIDTH   one row of a step (items/s: values)
//   rope/TABLE/128                                      one head
//   argmax/VOCABULARY                                   the greedy choice of a token
//
//   build/release/bin/vector_bench --benchmark_filter=avx512
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "compute/cpu/kernels/dispatch.h"
#include "compute/cpu/panel_memory.h"
#include "compute/cpu/quantized_rows.h"
#include "sampling/logit_scan.h"

namespace {

using namespace compute::cpu;

std::vector<float> random_floats(int64_t n) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<size_t>(n));
  for (float& value : x) value = normal(random);
  return x;
}

void measure_rms_norm(benchmark::State& state, const KernelTable* table, int64_t n) {
  const auto x = random_floats(n), weight = random_floats(n);
  std::vector<float> out(x.size());
  for (auto _ : state) {
    table->rms_norm(x.data(), weight.data(), n, 1e-6f, out.data());
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * n);
}

void measure_silu(benchmark::State& state, const KernelTable* table, int64_t n) {
  const auto gate = random_floats(n), up = random_floats(n);
  std::vector<float> out(gate.size());
  for (auto _ : state) {
    table->silu_multiply(gate.data(), up.data(), n, out.data());
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * n);
}

void measure_quantize(benchmark::State& state, const KernelTable* table, int64_t n) {
  const auto x = random_floats(n);
  PanelMemory memory = PanelMemory::allocate(QuantizedRows::size_bytes(1, n)).value();
  const QuantizedRows rows = QuantizedRows::in(memory.data(), 1, n, table->tile_tokens);
  for (auto _ : state) {
    table->quantize_row(x.data(), n, rows.row(0));
    benchmark::DoNotOptimize(memory.data());
  }
  state.SetItemsProcessed(state.iterations() * n);
}

void measure_rope(benchmark::State& state, const KernelTable* table, int64_t n) {
  const auto cosines = random_floats(n / 2), sines = random_floats(n / 2), from = random_floats(n);
  std::vector<float> head = from;
  for (auto _ : state) {
    head = from;  // rotated over and over it would overflow
    table->rope(head.data(), n / 2, /*interleaved=*/false, cosines.data(), sines.data());
    benchmark::DoNotOptimize(head.data());
  }
  state.SetItemsProcessed(state.iterations() * n);
}

void measure_argmax(benchmark::State& state) {
  const auto logits = random_floats(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(sampling::LogitScan::over(logits)->argmax());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void register_operations() {
  using Measure = void (*)(benchmark::State&, const KernelTable*, int64_t);
  const auto add = [](const char* operation, Measure measure, const KernelTable* table, int64_t n) {
    const std::string name = std::string(operation) + "/" + table->name + "/" + std::to_string(n);
    benchmark::RegisterBenchmark(name.c_str(), measure, table, n);
  };
  for (const KernelChoice& choice : built_kernels()) {
    if (!choice.runs_here) continue;
    for (const int64_t width : {896, 4096}) {
      add("rms_norm", measure_rms_norm, choice.table, width);
      add("silu_multiply", measure_silu, choice.table, width);
      add("quantize_row", measure_quantize, choice.table, width);
    }
    add("rope", measure_rope, choice.table, 128);
  }
  benchmark::RegisterBenchmark("argmax", measure_argmax)->Arg(151'936);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_operations();
  benchmark::RunSpecifiedBenchmarks();
}
