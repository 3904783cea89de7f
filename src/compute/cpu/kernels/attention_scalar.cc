#include <cmath>
#include <limits>

#include "compute/cpu/kernels/attention_kernels.h"
#include "compute/cpu/kernels/exp.h"
#include "compute/cpu/kernels/sum16.h"
#include "compute/cpu/kv_layout.h"
#include "tensor/float16.h"

namespace compute::cpu::scalar {
namespace {

// Values in a row of K or V.
float value_at(const float* row, int64_t column) {
  return row[column];
}
float value_at(const uint16_t* row, int64_t column) {
  return tensor::bf16_to_f32(row[column]);
}
float value_at(const int8_t* row, int64_t column) {
  return static_cast<float>(row[column]);
}
float value_at(const NibblePair* row, int64_t column) {
  return kQ4Levels[row[nibble_element(column)].byte >> nibble_shift(column) & 15];
}

// Scores of the visible keys; -infinity beyond.
template <class T>
void score_keys(const T* k_page, int head_dim, float scale, const KernelTable::PageQuery& query,
                float (&scores)[kPageTokens]) {
  for (int j = 0; j < kPageTokens; ++j) {
    float sum = 0.0f;
    if (j < query.n_keys) {
      for (int d = 0; d < head_dim; ++d)
        sum = std::fma(query.q[d], value_at(k_page + d * kKeyStride<T>, j), sum);
      if constexpr (kHasScales<T>) sum = sum * scales_of(k_page, head_dim)[j];
    }
    scores[j] = j < query.n_keys ? scale * sum : -std::numeric_limits<float>::infinity();
  }
}

// Turns scores into weights.
PagePartial exponentials(int n_keys, float (&scores)[kPageTokens]) {
  float lanes[16];
  for (float& lane : lanes) lane = -std::numeric_limits<float>::infinity();
  for (int j = 0; j < kPageTokens; ++j) lanes[j % 16] = larger(lanes[j % 16], scores[j]);
  PagePartial page{.max = tree_max(lanes), .sum = 0.0f};
  for (float& lane : lanes) lane = 0.0f;
  for (int j = 0; j < kPageTokens; ++j) {
    scores[j] = j < n_keys ? exp_f32(scores[j] - page.max) : 0.0f;
    lanes[j % 16] = lanes[j % 16] + scores[j];
  }
  page.sum = tree_sum(lanes);
  return page;
}

struct MergeFactors {
  float before;
  float page;
};

MergeFactors merge(const PagePartial& page, PagePartial& partial) {
  const float max = larger(partial.max, page.max);
  const MergeFactors factors{exp_f32(partial.max - max), exp_f32(page.max - max)};
  partial.max = max;
  partial.sum = std::fma(partial.sum, factors.before, page.sum * factors.page);
  return factors;
}

template <class T>
void attend_one(const T* k_page, const T* v_page, int head_dim, float scale,
                const KernelTable::PageQuery& query) {
  float weights[kPageTokens];
  score_keys(k_page, head_dim, scale, query, weights);
  const PagePartial page = exponentials(query.n_keys, weights);
  MergeFactors factors{};
  if (query.merge) {
    factors = merge(page, *query.partial);
  } else {
    *query.partial = page;
  }
  if constexpr (kHasScales<T>) {
    for (int j = 0; j < query.n_keys; ++j) weights[j] = weights[j] * scales_of(v_page, head_dim)[j];
  }
  for (int d = 0; d < head_dim; ++d) {
    float value = 0.0f;
    for (int j = 0; j < query.n_keys; ++j)
      value = std::fma(weights[j], value_at(v_page + j * v_stride<T>(head_dim), d), value);
    query.values[d] = query.merge ? std::fma(query.values[d], factors.before, value * factors.page) : value;
  }
}

template <class T>
void attend(const std::byte* k_page, const std::byte* v_page, int head_dim, float scale,
            const KernelTable::PageQuery* queries, int n_queries, const void*) {
  for (int i = 0; i < n_queries; ++i)
    attend_one(reinterpret_cast<const T*>(k_page), reinterpret_cast<const T*>(v_page), head_dim, scale,
               queries[i]);
}

}  // namespace

void attend_page(KvType type, const std::byte* k_page, const std::byte* v_page, int head_dim, float scale,
                 const KernelTable::PageQuery* queries, int n_queries, const void* ahead) {
  switch (type) {
    case KvType::f32:
      return attend<float>(k_page, v_page, head_dim, scale, queries, n_queries, ahead);
    case KvType::bf16:
      return attend<uint16_t>(k_page, v_page, head_dim, scale, queries, n_queries, ahead);
    case KvType::int8:
      return attend<int8_t>(k_page, v_page, head_dim, scale, queries, n_queries, ahead);
    case KvType::q4:
      return attend<NibblePair>(k_page, v_page, head_dim, scale, queries, n_queries, ahead);
  }
}

void merge_pages(const PagePartial* pages, const float* page_values, int64_t n_pages, int head_dim,
                 PagePartial* partial, float* values) {
  for (int64_t p = 0; p < n_pages; ++p) {
    const MergeFactors factors = merge(pages[p], *partial);
    const float* page = page_values + p * head_dim;
    for (int d = 0; d < head_dim; ++d)
      values[d] = std::fma(values[d], factors.before, page[d] * factors.page);
  }
}

void finish_attention(const PagePartial& partial, const float* values, int head_dim, float* out) {
  const float inverse = 1.0f / partial.sum;
  for (int d = 0; d < head_dim; ++d) out[d] = values[d] * inverse;
}

}  // namespace compute::cpu::scalar
