#include "compute/cpu/kernels/attention_kernels.h"
#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/kernels/vector_kernels.h"

namespace compute::cpu {

const KernelTable& scalar_kernels() {
  static constexpr KernelTable table{
      .name = "scalar",
      .tile_tokens = kTileTokens,
      .linear_exact = scalar::linear_exact,
      .linear_fast = scalar::linear_fast,
      .quantize_row = scalar::quantize_row,
      .rms_norm = scalar::rms_norm,
      .rope = scalar::rope,
      .silu_multiply = scalar::silu_multiply,
      .attend_page = scalar::attend_page,
      .merge_pages = scalar::merge_pages,
      .finish_attention = scalar::finish_attention,
  };
  return table;
}

}  // namespace compute::cpu
