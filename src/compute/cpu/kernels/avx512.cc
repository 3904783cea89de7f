#include "compute/cpu/kernels/attention_kernels.h"
#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/kernels/vector_kernels.h"

namespace compute::cpu {

const KernelTable& avx512_kernels() {
  static constexpr KernelTable table{
      .name = "avx512",
      .tile_tokens = kTileTokens,
      .linear_exact = avx512::linear_exact,
      .linear_fast = avx512::linear_fast,
      .quantize_row = avx512::quantize_row,
      .rms_norm = avx512::rms_norm,
      .rope = avx512::rope,
      .silu_multiply = avx512::silu_multiply,
      .attend_page = avx512::attend_page,
      .merge_pages = avx512::merge_pages,
      .finish_attention = avx512::finish_attention,
  };
  return table;
}

}  // namespace compute::cpu
