#pragma once
// The limits of this machine, measured: what a decode step (reading) and a prompt (arithmetic) could reach at
// best.
//
// Each figure is the best of several short runs on all threads at once; the whole takes below three seconds.
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "platform/topology.h"

namespace compute::cpu {

struct RoofOptions {
  int n_threads = 1;
  std::vector<platform::Place> places;  // as in BackendOptions: pinned as what is held against it
  // Buffer for the reading rate. A model is read once per token, so its size decides which cache helps: pass
  // the bytes of its weights. 0: large enough for memory to be the limit on most machines (1 GiB, if a
  // quarter of the free memory allows it).
  uint64_t read_buffer_bytes = 0;
  bool arithmetic = true;  // false: the reading rate alone, the other figures stay empty
};

// An int8 product tile with a float scale for every `group` values of the summed dimension: what a quantised
// format can reach that has such scales. The weights are already 8-bit, in the nearest cache.
struct TileRate {
  int group;
  double ops_per_second;
};

struct Roof {
  int n_threads = 0;
  uint64_t read_buffer_bytes = 0;
  double read_bytes_per_second = 0;
  // Multiplications and additions counted apart; nothing where the CPU lacks the instructions.
  std::optional<double> int8_ops_per_second;
  std::optional<double> bf16_flops_per_second;
  std::optional<double> fp32_flops_per_second;
  std::vector<TileRate> int8_tiles;  // groups of 16, 32, 64, 128
};

// Fails with Code::exhausted if there is no memory for the buffer.
base::Result<Roof> measure_roof(const RoofOptions& options);

}  // namespace compute::cpu
