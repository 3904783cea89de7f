#pragma once
// What a run of `bench` could reach at best on the measured machine. Sources: docs/benchmarks.md.
#include <cstdint>

#include "base/json.h"
#include "compute/cpu/roof.h"
#include "engine/bench_runner.h"
#include "models/model.h"

namespace apps {

// A model's matrices by what they ask of the arithmetic: parameters per form.
struct MatrixWork {
  // Meets int8 kernels, with a scale for every 16 or 32 weights. What is left is multiplied in float32.
  double int8_group_16 = 0, int8_group_32 = 0, float32 = 0;
  double total() const { return int8_group_16 + int8_group_32 + float32; }
};

// Everything the limits depend on but the machine.
struct BenchWork {
  MatrixWork layers, head;
  double attention_operations_per_key = 0;  // of one token, all layers: multiplications and additions
  double weight_bytes = 0;                  // read for one step of decode
  double kv_bytes_per_token = 0;
};
BenchWork bench_work(const models::Model& model, const model_files::ModelFile& file, compute::KvType kv_type);

struct BenchLimits {
  // Tokens per second over the batch; NaN if a rate could not be measured.
  double prefill = 0, decode = 0;
  double prefill_tile = 0;  // `prefill` with the rates of a bare tile that has the file's scales
  base::Json terms;         // what the three were computed from
};

// prefill: seconds per token = 2 * layer parameters / P + attention operations / P_fp32 + head / prompt
// length, where P is the int8 rate for parameters that meet int8 kernels and the float32 rate for the others.
// decode: seconds per step = (weight bytes + batch * context * KV bytes) / BW.
BenchLimits bench_limits(const BenchWork& work, const engine::BenchCase& bench_case,
                         const compute::cpu::Roof& roof);

// The better of both, figure by figure: on a machine that others use too, a measurement errs downwards only.
// REQUIRES: the same number of threads and buffer.
compute::cpu::Roof best_of(const compute::cpu::Roof& a, const compute::cpu::Roof& b);

}  // namespace apps
