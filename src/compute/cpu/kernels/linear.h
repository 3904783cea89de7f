#pragma once
// Matrix products and the quantisation of their input, per instruction set; contracts: kernel_table.h.
#include <cstdint>

#include "compute/cpu/kernels/kernel_table.h"

namespace compute::cpu {

#define DECLARE_LINEAR_KERNELS                                                                           \
  void linear_exact(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const float* x, \
                    int64_t x_stride, int64_t n_tokens, const KernelTable::LinearOutput& out);           \
  void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel,                  \
                   const QuantizedRows& x, int64_t first_token, int64_t n_tokens,                        \
                   const KernelTable::LinearOutput& out);                                                \
  void quantize_row(const float* x, int64_t n, QuantizedRow out);

namespace scalar {
DECLARE_LINEAR_KERNELS
}
namespace avx2 {
DECLARE_LINEAR_KERNELS
}
namespace avx_vnni {  // all but linear_fast are avx2's
void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                 int64_t first_token, int64_t n_tokens, const KernelTable::LinearOutput& out);
}
namespace avx512 {
DECLARE_LINEAR_KERNELS
}

namespace amx {
inline constexpr int kTileTokens = 16;  // rows of a tile register
void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                 int64_t first_token, int64_t n_tokens, const KernelTable::LinearOutput& out);
}  // namespace amx

#undef DECLARE_LINEAR_KERNELS

}  // namespace compute::cpu
