#pragma once
// The attention kernels of each table; what they compute stands in kernel_table.h.
#include "compute/cpu/kernels/kernel_table.h"

namespace compute::cpu {

#define DOMICILE_ATTENTION_KERNELS                                                                           \
  void attend_page(KvType type, const std::byte* k_page, const std::byte* v_page, int head_dim, float scale, \
                   const KernelTable::PageQuery* queries, int n_queries, const void* ahead);                 \
  void merge_pages(const PagePartial* pages, const float* page_values, int64_t n_pages, int head_dim,        \
                   PagePartial* partial, float* values);                                                     \
  void finish_attention(const PagePartial& partial, const float* values, int head_dim, float* out);

namespace scalar {
DOMICILE_ATTENTION_KERNELS
}
namespace avx2 {
DOMICILE_ATTENTION_KERNELS
}
namespace avx512 {
DOMICILE_ATTENTION_KERNELS
}

#undef DOMICILE_ATTENTION_KERNELS

}  // namespace compute::cpu
