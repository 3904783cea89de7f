#include "compute/cpu/kv_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/strings.h"
#include "compute/cpu/kernels/kernel_table.h"
#include "compute/cpu/kv_layout.h"
#include "compute/cpu/kv_quantize.h"
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
void store_tokens(std::byte* k_page, std::byte* v_page, int head_dim, int first_slot, int n_tokens,
                  const float* k_rows, const float* v_rows, int64_t stride) {
  T* k = reinterpret_cast<T*>(k_page);
  T* v = reinterpret_cast<T*>(v_page);
  for (int d = 0; d < head_dim; ++d) {
    for (int t = 0; t < n_tokens; ++t) convert(k_rows[t * stride + d], k[d * kPageTokens + first_slot + t]);
  }
  for (int t = 0; t < n_tokens; ++t) {
    T* to = v + static_cast<int64_t>(first_slot + t) * head_dim;
    for (int d = 0; d < head_dim; ++d) convert(v_rows[t * stride + d], to[d]);
  }
}

float* scales_in(std::byte* page, int64_t head_bytes) {
  return reinterpret_cast<float*>(page + head_bytes) - kPageTokens;
}

void store_tokens_int8(std::byte* k_page, std::byte* v_page, const KvShape& shape, int64_t head_bytes,
                       int first_slot, int n_tokens, const float* k_rows, const float* v_rows,
                       int64_t stride) {
  const int head_dim = shape.head_dim;
  int8_t* k = reinterpret_cast<int8_t*>(k_page);
  int8_t* v = reinterpret_cast<int8_t*>(v_page);
  int8_t codes[kPageTokens][kMaxHeadDim];
  for (int t = 0; t < n_tokens; ++t) {
    const int slot = first_slot + t;
    scales_in(k_page, head_bytes)[slot] = quantize_int8(k_rows + t * stride, head_dim, codes[t]);
    scales_in(v_page, head_bytes)[slot] = quantize_int8(v_rows + t * stride, head_dim, v + slot * head_dim);
  }
  for (int d = 0; d < head_dim; ++d) {
    for (int t = 0; t < n_tokens; ++t) k[d * kPageTokens + first_slot + t] = codes[t][d];
  }
}

void put_nibble(NibblePair* row, int64_t column, uint8_t code) {
  uint8_t& byte = row[nibble_element(column)].byte;
  const int shift = nibble_shift(column);
  byte = static_cast<uint8_t>((byte & (0xF0 >> shift)) | (code << shift));
}

float turn_and_quantize(const float* x, int head_dim, uint8_t* codes) {
  float turned[kMaxHeadDim];
  std::copy_n(x, head_dim, turned);
  hadamard(turned, head_dim);
  return quantize_q4(turned, head_dim, codes);
}

void store_tokens_q4(std::byte* k_page, std::byte* v_page, const KvShape& shape, int64_t head_bytes,
                     int first_slot, int n_tokens, const float* k_rows, const float* v_rows, int64_t stride) {
  const int head_dim = shape.head_dim;
  NibblePair* k = reinterpret_cast<NibblePair*>(k_page);
  NibblePair* v = reinterpret_cast<NibblePair*>(v_page);
  for (int t = 0; t < n_tokens; ++t) {
    const int slot = first_slot + t;
    uint8_t codes[kMaxHeadDim];
    scales_in(k_page, head_bytes)[slot] = turn_and_quantize(k_rows + t * stride, head_dim, codes);
    for (int d = 0; d < head_dim; ++d) put_nibble(k + d * kKeyStride<NibblePair>, slot, codes[d]);
    scales_in(v_page, head_bytes)[slot] = turn_and_quantize(v_rows + t * stride, head_dim, codes);
    NibblePair* row = v + slot * v_stride<NibblePair>(head_dim);
    for (int d = 0; d < head_dim; ++d) put_nibble(row, d, codes[d]);
  }
}

// Bytes in a row of K that hold its first n keys.
int64_t k_row_bytes(KvType type, int n_keys) {
  switch (type) {
    case KvType::f32:
      return int64_t{4} * n_keys;
    case KvType::bf16:
      return int64_t{2} * n_keys;
    case KvType::int8:
      return n_keys;
    case KvType::q4:
      return int64_t{(n_keys + 15) / 16} * 8;
  }
  return 0;
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
  madvise(memory, size_bytes, MADV_HUGEPAGE);  // a wish: what does not come true costs nothing
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
  const int d = shape_.head_dim;
  switch (shape_.type) {
    case KvType::f32:
      return store_tokens<float>(to_k, to_v, d, first_slot, n_tokens, k_rows, v_rows, stride);
    case KvType::bf16:
      return store_tokens<uint16_t>(to_k, to_v, d, first_slot, n_tokens, k_rows, v_rows, stride);
    case KvType::int8:
      return store_tokens_int8(to_k, to_v, shape_, head_bytes_, first_slot, n_tokens, k_rows, v_rows, stride);
    case KvType::q4:
      return store_tokens_q4(to_k, to_v, shape_, head_bytes_, first_slot, n_tokens, k_rows, v_rows, stride);
  }
}

void KvPages::copy_page(int32_t from, int32_t to, int n_tokens) {
  const bool scaled = shape_.type == KvType::int8 || shape_.type == KvType::q4;
  const int64_t scales_bytes = scaled ? kPageTokens * int64_t{sizeof(float)} : 0;
  const int64_t token_bytes = (head_bytes_ - scales_bytes) / kPageTokens;  // of V
  const int64_t k_row = k_row_bytes(shape_.type, kPageTokens);
  const auto copy = [&](std::byte* target, const std::byte* source, int64_t offset, int64_t n_bytes) {
    std::memcpy(target + offset, source + offset, n_bytes);
  };
  for (int layer = 0; layer < shape_.n_layers; ++layer) {
    for (int head = 0; head < shape_.n_kv_heads; ++head) {
      std::byte *k_to = k(to, layer, head), *v_to = v(to, layer, head);
      const std::byte *k_from = k(from, layer, head), *v_from = v(from, layer, head);
      for (int d = 0; d < shape_.head_dim; ++d)
        copy(k_to, k_from, d * k_row, k_row_bytes(shape_.type, n_tokens));
      copy(v_to, v_from, 0, n_tokens * token_bytes);
      if (!scaled) continue;
      copy(k_to, k_from, head_bytes_ - scales_bytes, n_tokens * int64_t{sizeof(float)});
      copy(v_to, v_from, head_bytes_ - scales_bytes, n_tokens * int64_t{sizeof(float)});
    }
  }
}

}  // namespace compute::cpu
