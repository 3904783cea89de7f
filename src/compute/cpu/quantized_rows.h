#pragma once
// Activations as the integer kernels want them: int8 with one float scale per 32 values.
//
// For each group: amax = max |x|; scale = amax / 127; inverse = 127 / amax; q = x * inverse rounded to
// nearest even. A group whose inverse is not finite (all zero, or too small to divide by) has q = 0 and scale
// = 0. A group that holds a value that is not finite has q = 0 and scale = NaN, so that the fault reaches the
// logits, where it is reported.
//
// Rows lie in tiles of 12 (a kernel table may want another number), which one inner loop takes together; a
// tile runs group by group, and the last tile is as narrow as it has rows, so that a single row is
// contiguous. Up to 16 rows are one tile:
//
//   tile 0 (12 rows)                                              tile 1 ...
//   | group 0: row 0, row 1, ... row 11 | group 1: row 0, ... |   a "row" is 32 int8 in q, a float in scale
#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace compute::cpu {

inline constexpr int kGroup = 32;           // values that share a scale
inline constexpr int kTileTokens = 12;      // rows of a tile, unless a table says otherwise
inline constexpr int kLoneTileTokens = 16;  // but as many, or fewer, that are all the rows there are, are one

// Where one row goes. Element j of group g is q[g * 32 * stride + j]; group g's entry in the others is at
// [g * stride], in offset_sum16 at [2 * g * stride] and the following.
struct QuantizedRow {
  int8_t* q;  // within -127..127
  float* scale;
  float* scaled_sum;  // scale * float(sum of q over the group)
  int32_t*
      offset_sum;  // -128 * (sum of q over the group): where a sum starts whose weights are stored plus 128
  int32_t* offset_sum16;  // two of them: the same over the first and the second 16 values
  int64_t stride;         // rows in this row's tile

  // The same row from a later group on.
  QuantizedRow from_group(int64_t group) const {
    const int64_t entry = group * stride;
    return {q + entry * kGroup,       scale + entry, scaled_sum + entry, offset_sum + entry,
            offset_sum16 + 2 * entry, stride};
  }
};

struct QuantizedRows {
  int64_t n_rows = 0;
  int64_t n_columns = 0;  // a multiple of 32
  int64_t tile_tokens = kTileTokens;
  int8_t* q = nullptr;
  float* scale = nullptr;
  float* scaled_sum = nullptr;
  int32_t* offset_sum = nullptr;
  int32_t* offset_sum16 = nullptr;

  // Bytes that rows of this shape need; a multiple of 64.
  static size_t size_bytes(int64_t n_rows, int64_t n_columns) {
    const int64_t n_groups = n_rows * (n_columns / kGroup);
    return round_up(n_groups * kGroup) + 3 * round_up(n_groups * 4) + round_up(n_groups * 8);
  }

  // Rows of this shape in size_bytes() bytes at `memory`, 64-byte aligned, kept by the caller.
  // tile_tokens: of the kernel table that will read them.
  static QuantizedRows in(std::byte* memory, int64_t n_rows, int64_t n_columns, int64_t tile_tokens) {
    const int64_t n_groups = n_rows * (n_columns / kGroup);
    QuantizedRows rows{.n_rows = n_rows, .n_columns = n_columns, .tile_tokens = tile_tokens};
    rows.q = reinterpret_cast<int8_t*>(memory);
    memory += round_up(n_groups * kGroup);
    rows.scale = reinterpret_cast<float*>(memory);
    memory += round_up(n_groups * 4);
    rows.scaled_sum = reinterpret_cast<float*>(memory);
    memory += round_up(n_groups * 4);
    rows.offset_sum = reinterpret_cast<int32_t*>(memory);
    memory += round_up(n_groups * 4);
    rows.offset_sum16 = reinterpret_cast<int32_t*>(memory);
    return rows;
  }

  QuantizedRow row(int64_t i) const {
    const int64_t tile = n_rows <= kLoneTileTokens ? kLoneTileTokens : tile_tokens;
    const int64_t first = i - i % tile;  // of the tile
    const int64_t entry = first * (n_columns / kGroup) + i % tile;
    return {q + entry * kGroup,       scale + entry,
            scaled_sum + entry,       offset_sum + entry,
            offset_sum16 + 2 * entry, std::min(tile, n_rows - first)};
  }

 private:
  static constexpr size_t round_up(int64_t bytes) { return (static_cast<size_t>(bytes) + 63) & ~size_t{63}; }
};

}  // namespace compute::cpu
