#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/kernels/linear.h"

namespace compute::cpu {

// Products of many tokens go through tile registers; all else is AVX-512's.
const KernelTable& amx_kernels() {
  static const KernelTable table = [] {
    KernelTable kernels = avx512_kernels();
    kernels.name = "amx";
    kernels.tile_tokens = amx::kTileTokens;
    kernels.linear_fast = amx::linear_fast;
    return kernels;
  }();
  return table;
}

}  // namespace compute::cpu
