#include "compute/cpu/kernels/attention_kernels.h"
#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/kernels/vector_kernels.h"

namespace compute::cpu {

namespace {
constexpr KernelTable kTable{
    .name = "avx2",
    .tile_tokens = kTileTokens,
    .linear_exact = avx2::linear_exact,
    .linear_fast = avx2::linear_fast,
    .quantize_row = avx2::quantize_row,
    .rms_norm = avx2::rms_norm,
    .rope = avx2::rope,
    .silu_multiply = avx2::silu_multiply,
    .attend_page = avx2::attend_page,
    .merge_pages = avx2::merge_pages,
    .finish_attention = avx2::finish_attention,
};
}  // namespace

const KernelTable& avx2_kernels() {
  return kTable;
}

const KernelTable& avx_vnni_kernels() {
  static constexpr KernelTable table = [] {
    KernelTable vnni = kTable;
    vnni.name = "avx_vnni";
    vnni.linear_fast = avx_vnni::linear_fast;
    return vnni;
  }();
  return table;
}

}  // namespace compute::cpu
