#pragma once
// What a run of `bench` could reach at best on the measured machine. Sources: docs/benchmarks.md.
#include <cstdint>

#include "base/json.h"
#include "compute/cpu/roof.h"
#include "engine/bench_runner.h"
#include "models/model.h"

namespace apps {

struct BenchLimits {
  double prefill = 0, decode = 0;  // tokens per second over the batch; NaN if a rate could not be measured
  base::Json terms;                // what the two were computed from
};

// prefill: seconds per token = 2 * layer parameters / P + attention operations / P_fp32 + head / prompt
// length, where P is the int8 rate for parameters that meet int8 kernels and the float32 rate for the others.
// decode: seconds per step = (weight bytes + batch * context * KV bytes) / BW.
BenchLimits bench_limits(const models::Model& model, const model_files::ModelFile& file,
                         const engine::BenchOptions& options, const compute::cpu::Roof& roof);

}  // namespace apps
