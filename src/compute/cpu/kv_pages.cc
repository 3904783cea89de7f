#include "compute/cpu/kv_pages.h"

#include <sys/mman.h>

#include <cstring>

#include "base/check.h"
#include "base/strings.h"
#include "tensor/float16.h"

namespace compute::cpu {
namespace {

void convert(float x, float& to) {
  to = x;
}
void convert(float x, uint16_t& to) {
  to = tensor::f32_to_bf16(x);
}

template <class T>
void store_tokens(T* k, T* v, int head_dim, int first_slot, int n_tokens, const float* k_rows,
                  const float* v_rows, int64_t stride) {
  for (int d = 0; d < head_dim; ++d) {
    for (int t = 0; t < n_tokens; ++t) convert(k_rows[t * stride + d], k[d * kPageTokens + first_slot + t]);
  }
  for (int t = 0; t < n_tokens; ++t) {
    T* to = v + static_cast<int64_t>(first_slot + t) * head_dim;
    for (int d = 0; d < head_dim; ++d) convert(v_rows[t * stride + d], to[d]);
  }
}

}  // namespace

base::Result<std::unique_ptr<KvPages>> KvPages::make(const KvShape& shape, int64_t n_pages) {
  const uint64_t page_bytes = shape.page_bytes();
  uint64_t size_bytes = 0;
  if (n_pages <= 0 || page_bytes == 0 ||
      __builtin_mul_overflow(static_cast<uint64_t>(n_pages), page_bytes, &size_bytes)) {
    return base::fail(base::Code::invalid_argument,
                      base::cat("cannot make a KV cache of ", n_pages, " pages of ", page_bytes, " bytes"));
  }
  void* memory =
      mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return base::fail(base::Code::exhausted, base::cat("no memory for a KV cache of ", size_bytes,
                                                       " bytes: use a smaller --context"));
  }
  return std::unique_ptr<KvPages>(new KvPages(shape, n_pages, static_cast<std::byte*>(memory), size_bytes));
}

KvPages::KvPages(const KvShape& shape, int64_t n_pages, std::byte* memory, uint64_t size_bytes)
    : shape_(shape),
      n_pages_(n_pages),
      page_bytes_(static_cast<int64_t>(shape.page_bytes())),
      head_bytes_(page_bytes_ / (int64_t{2} * shape.n_layers * shape.n_kv_heads)),
      memory_(memory, Unmap{size_bytes}) {}

void KvPages::Unmap::operator()(std::byte* memory) const {
  munmap(memory, size_bytes);
}

void KvPages::store(int32_t page, int layer_index, int kv_head, int first_slot, int n_tokens,
                    const float* k_rows, const float* v_rows, int64_t stride) {
  DCHECK(page >= 0 && page < n_pages_ && first_slot + n_tokens <= kPageTokens);
  std::byte* to_k = k(page, layer_index, kv_head);
  std::byte* to_v = v(page, layer_index, kv_head);
  if (shape_.type == KvType::f32) {
    store_tokens(reinterpret_cast<float*>(to_k), reinterpret_cast<float*>(to_v), shape_.head_dim, first_slot,
                 n_tokens, k_rows, v_rows, stride);
  } else {
    store_tokens(reinterpret_cast<uint16_t*>(to_k), reinterpret_cast<uint16_t*>(to_v), shape_.head_dim,
                 first_slot, n_tokens, k_rows, v_rows, stride);
  }
}

void KvPages::copy_page(int32_t from, int32_t to, int n_tokens) {
  const int64_t element_bytes = shape_.type == KvType::f32 ? 4 : 2;
  for (int layer = 0; layer < shape_.n_layers; ++layer) {
    for (int head = 0; head < shape_.n_kv_heads; ++head) {
      for (int d = 0; d < shape_.head_dim; ++d) {
        const int64_t row = d * kPageTokens * element_bytes;
        std::memcpy(k(to, layer, head) + row, k(from, layer, head) + row, n_tokens * element_bytes);
      }
      std::memcpy(v(to, layer, head), v(from, layer, head), n_tokens * shape_.head_dim * element_bytes);
    }
  }
}

}  // namespace compute::cpu
