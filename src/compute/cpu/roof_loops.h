#pragma once
// The inner loops of roof.h: as much arithmetic, or reading, as a core can do. (roof_loops_x86.cc,
// roof_loops_other.cc)
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace compute::cpu {

struct RoofLoop {
  void (*run)(int64_t n_iterations);
  double ops_per_iteration;
};

struct RoofLoops {
  // Reads all bytes, a multiple of 1024; with and without software prefetch, because machines differ in which
  // is faster.
  void (*read)(const std::byte* from, size_t n_bytes, bool prefetch);
  RoofLoop fp32;
  std::optional<RoofLoop> int8;
  std::optional<RoofLoop> bf16;
  struct Tile {
    int group;
    RoofLoop loop;
  };
  std::vector<Tile> int8_tiles;
};

// The best loops that this CPU can run.
RoofLoops roof_loops();

}  // namespace compute::cpu
