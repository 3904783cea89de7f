#pragma once
// A weight matrix with 16 rows interleaved, so that rows sit in vector lanes.
//
// Rows [16 p, 16 p + 16) form panel p; the last panel is filled with zero rows. A panel is one contiguous run
// of memory, 64-byte aligned. It holds the file's own fields, interleaved in words (packed_layouts.h), so the
// packed matrix is as large as the file's (but for padding) and no bit of a weight is lost.
#include <cstdint>
#include <span>

#include "tensor/tensor_view.h"

namespace compute::cpu {

inline constexpr int kPanelRows = 16;

struct PackedMatrix {
  tensor::DType type = tensor::DType::F32;
  int64_t n_rows = 0;  // before padding
  int64_t n_columns = 0;
  int64_t panel_bytes = 0;  // multiple of 64
  const std::byte* panels = nullptr;

  int64_t n_panels() const { return (n_rows + kPanelRows - 1) / kPanelRows; }
  const std::byte* panel(int64_t i) const { return panels + i * panel_bytes; }
};

// The types of kLayouts (packed_layouts.h).
bool can_pack(tensor::DType type);

// A matrix of this shape whose panels are still to be placed: n_panels() * panel_bytes bytes, 64-byte
// aligned. REQUIRES: can_pack(type); n_columns is a multiple of the type's block.
PackedMatrix packed_shape(tensor::DType type, int64_t n_rows, int64_t n_columns);

// Writes panels [first_panel, last_panel) of a matrix whose row i is row row_order[i] of `source` (row i if
// row_order is empty); `panels` is where panel 0 goes. Threads may fill different panels at once. REQUIRES:
// packed_shape() of source's type and columns; source.bytes holds all rows named.
void pack_panels(const tensor::TensorView& source, std::span<const int32_t> row_order, int64_t first_panel,
                 int64_t last_panel, std::byte* panels);

// Row `row` as floats: the same bits as tensor::dequantize_row gives of the file's row.
void dequantize_packed_row(const PackedMatrix& matrix, int64_t row, float* out);

// 32 weights of one row, taken apart: weight j = scale * sub_scale[j / 16] * q[j] (+ minimum).
struct UnpackedGroup {
  int8_t q[32];
  float scale;
  bool has_minimum;
  float minimum;     // to be added
  int sub_scale[2];  // of each 16 weights
};
// REQUIRES: a quantised type.
UnpackedGroup unpack_group(const PackedMatrix& matrix, int64_t row, int64_t group);

}  // namespace compute::cpu
