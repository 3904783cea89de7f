#pragma once
// A weight matrix with 16 rows interleaved, so that rows sit in vector lanes.
//
// Rows [16 p, 16 p + 16) form panel p; the last panel is filled with zero rows. A panel is one contiguous run of memory,
// 64-byte aligned, made of planes; every plane interleaves the file's own fields in 4-byte words, so the packed matrix
// is as large as the file's (but for padding) and no bit of a weight is changed:
//
//   F32            [k][16 rows] float                    F16, BF16   [k][16 rows] uint16
//   quants         [word][16 rows] uint32                word w of a row = bytes 4w..4w+3 of the row's quants
//   scales, mins   [block][16 rows] float16              and so on: see packed_layouts.h, one struct per type
#include <cstdint>
#include <memory>

#include "compute/backend.h"

namespace compute::cpu {

inline constexpr int kPanelRows = 16;

struct PackedMatrix {
  tensor::DType type = tensor::DType::F32;
  int64_t n_rows = 0;        // before padding
  int64_t n_columns = 0;
  int64_t panel_bytes = 0;   // multiple of 64
  const std::byte* panels = nullptr;

  int64_t n_panels() const { return (n_rows + kPanelRows - 1) / kPanelRows; }
  const std::byte* panel(int64_t i) const { return panels + i * panel_bytes; }
};

}  // namespace compute::cpu
