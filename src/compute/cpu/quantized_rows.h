#pragma once
// Activations as the integer kernels want them: int8 with one float scale per 32 values.
//
// For each group: amax = max |x|; scale = amax / 127; inverse = 127 / amax; q = x * inverse rounded to nearest even.
// A group whose inverse is not finite (all zero, or too small to divide by) has q = 0 and scale = 0. A group that holds
// a value that is not finite has q = 0 and scale = NaN, so that the fault reaches the logits, where it is reported.
#include <cstdint>

namespace compute::cpu {

inline constexpr int kGroup = 32;  // values that share a scale

// Pointers into the buffers of one row. REQUIRES: n is a multiple of 32.
struct QuantizedRow {
  int8_t* q;          // [n], within -127..127
  float* scale;       // [n / 32]
  float* scaled_sum;  // [n / 32] scale * float(sum of q over the group)
  int32_t* sum16;     // [n / 16] sums of q over runs of 16
};

struct QuantizedRows {
  int64_t n_columns;
  int8_t* q;          // [n_rows][n_columns]
  float* scale;       // [n_rows][n_columns / 32]
  float* scaled_sum;  // [n_rows][n_columns / 32]
  int32_t* sum16;     // [n_rows][n_columns / 16]
  QuantizedRow row(int64_t i) const {
    const int64_t groups = n_columns / kGroup;
    return {q + i * n_columns, scale + i * groups, scaled_sum + i * groups, sum16 + i * 2 * groups};
  }
};

}  // namespace compute::cpu
