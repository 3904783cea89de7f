// As attention_avx512.cc (see there for the two products), with registers of 8 columns: N queries x W
// registers, up to 2 queries take W = 4, up to 6 take W = 2: 12 accumulators, the columns and a broadcast in
// 16 registers.
//
// A bf16 row of B is loaded 16 columns at a time and split into even and odd columns. Columns of V behind the
// last full 16 are first copied into a small block of their own, because there is no load that stops early in
// steps of 16 bits.
#include <immintrin.h>

#include <algorithm>
#include <limits>

#include "compute/cpu/kernels/attention_kernels.h"
#include "compute/cpu/kernels/exp_avx2.h"
#include "compute/cpu/kernels/lanes_avx2.h"
#include "compute/cpu/kernels/page_ahead.h"
#include "compute/cpu/kv_layout.h"

ISA_BEGIN(ISA_AVX2)
namespace compute::cpu::avx2 {
namespace {

constexpr int kMaxQueries = 6;
constexpr int kQueryStride =
    kMaxHeadDim + 16;  // odd in units of 64 bytes, so that rows do not share cache sets

// Queries of a tile and what is computed for them.
template <int N>
struct Tile {
  alignas(64) float q[N][kQueryStride];
  alignas(64) float weights[N][kPageTokens];
  alignas(32) float before[8];  // factors of the merge
  alignas(32) float page[8];
  int n_keys[N];
  int min_keys;
  int max_keys;
};

// 16 columns of a row of B: in order (float), or even and odd (bf16).
inline void load_pair(const float* row, __m256& first, __m256& second) {
  first = _mm256_loadu_ps(row);
  second = _mm256_loadu_ps(row + 8);
}

inline void load_pair(const uint16_t* row, __m256& first, __m256& second) {
  const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row));
  first = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
  second = _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(static_cast<int>(0xFFFF0000))));
}

inline void load_pair(const int8_t* row, __m256& first, __m256& second) {
  const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row));
  first = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(both));
  second = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(both, both)));
}

// By the lowest four bits: three choose a magnitude, the fourth is the sign.
inline __m256 q4_values(__m256i codes, __m256 magnitudes) {
  const __m256 signs =
      _mm256_and_ps(_mm256_castsi256_ps(_mm256_slli_epi32(codes, 28)), _mm256_set1_ps(-0.0f));
  return _mm256_xor_ps(_mm256_permutevar8x32_ps(magnitudes, codes), signs);
}

inline void load_pair(const NibblePair* row, __m256& first, __m256& second) {
  const __m256 magnitudes = _mm256_loadu_ps(kQ4Levels);
  const __m256i codes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row)));
  first = q4_values(codes, magnitudes);
  second = q4_values(_mm256_srli_epi32(codes, 4), magnitudes);
}

inline void put_in_order(const float*, __m256&, __m256&) {}
inline void put_in_order(const int8_t*, __m256&, __m256&) {}
inline void put_in_order(const NibblePair*, __m256&, __m256&) {}

inline void put_in_order(const uint16_t*, __m256& first, __m256& second) {
  const __m256 low = _mm256_unpacklo_ps(first, second);   // 0 1 2 3, 8 9 10 11
  const __m256 high = _mm256_unpackhi_ps(first, second);  // 4 5 6 7, 12 13 14 15
  first = _mm256_permute2f128_ps(low, high, 0x20);
  second = _mm256_permute2f128_ps(low, high, 0x31);
}

// acc[i][w] += A[i][k] * B[k][columns of w] for k in [k_begin, k_end). `a` has A_STRIDE floats between
// queries; `b` is B's first row at the tile's first column.
template <int N, int W, int A_STRIDE, class T>
inline void multiply(const float* a, const T* b, int b_stride, int k_begin, int k_end, __m256 (&acc)[N][W],
                     PageAhead& ahead) {
  PageAhead own = ahead;  // so that the compiler keeps it in registers
  for (int k = k_begin; k < k_end; ++k) {
    own.step<static_cast<int>(W * 8 * sizeof(T) / kValuesOf<T>)>(k);
    const T* row = b + static_cast<int64_t>(k) * b_stride;
    __m256 wide[W];
    ISA_UNROLL
    for (int p = 0; p < W / 2; ++p) load_pair(row + 16 / kValuesOf<T> * p, wide[2 * p], wide[2 * p + 1]);
    ISA_UNROLL
    for (int i = 0; i < N; ++i) {
      const __m256 factor = _mm256_broadcast_ss(a + i * A_STRIDE + k);
      ISA_UNROLL
      for (int w = 0; w < W; ++w) acc[i][w] = _mm256_fmadd_ps(factor, wide[w], acc[i][w]);
    }
  }
  ahead = own;
}

template <int N, int W>
inline void clear(__m256 (&acc)[N][W]) {
  ISA_UNROLL
  for (int i = 0; i < N; ++i) {
    ISA_UNROLL
    for (int w = 0; w < W; ++w) acc[i][w] = _mm256_setzero_ps();
  }
}

template <int N, int W, class T>
void score_keys(const T* k_page, int head_dim, float scale, Tile<N>& tile, PageAhead& ahead) {
  for (int first = 0; first < tile.max_keys; first += 8 * W) {
    __m256 acc[N][W];
    clear(acc);
    multiply<N, W, kQueryStride>(&tile.q[0][0], k_page + first / kValuesOf<T>, kKeyStride<T>, 0, head_dim,
                                 acc, ahead);
    ISA_UNROLL
    for (int i = 0; i < N; ++i) {
      ISA_UNROLL
      for (int p = 0; p < W / 2; ++p) {
        put_in_order(k_page, acc[i][2 * p], acc[i][2 * p + 1]);
        if constexpr (kHasScales<T>) {
          const float* scales = scales_of(k_page, head_dim) + first + 16 * p;
          acc[i][2 * p] = _mm256_mul_ps(acc[i][2 * p], _mm256_loadu_ps(scales));
          acc[i][2 * p + 1] = _mm256_mul_ps(acc[i][2 * p + 1], _mm256_loadu_ps(scales + 8));
        }
        float* to = tile.weights[i] + first + 16 * p;
        _mm256_store_ps(to, _mm256_mul_ps(_mm256_set1_ps(scale), acc[i][2 * p]));
        _mm256_store_ps(to + 8, _mm256_mul_ps(_mm256_set1_ps(scale), acc[i][2 * p + 1]));
      }
    }
  }
}

// Turns the scores of one query into weights, in place.
PagePartial exponentials(int n_keys, float* weights) {
  const __m256 minus_infinity = _mm256_set1_ps(-std::numeric_limits<float>::infinity());
  __m256 lanes[2] = {minus_infinity, minus_infinity};
  for (int j = 0; j < kPageTokens; j += 8) {
    const __m256 visible = _mm256_castsi256_ps(lanes_below(n_keys - j));
    const __m256 score = _mm256_blendv_ps(minus_infinity, _mm256_load_ps(weights + j), visible);
    _mm256_store_ps(weights + j, score);
    lanes[j / 8 % 2] = _mm256_max_ps(lanes[j / 8 % 2], score);
  }
  PagePartial page{.max = tree_max(lanes[0], lanes[1]), .sum = 0.0f};
  __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (int j = 0; j < kPageTokens; j += 8) {
    const __m256 visible = _mm256_castsi256_ps(lanes_below(n_keys - j));
    const __m256 score = _mm256_load_ps(weights + j);
    const __m256 weight = _mm256_and_ps(visible, exp8(_mm256_sub_ps(score, _mm256_set1_ps(page.max))));
    _mm256_store_ps(weights + j, weight);
    sums[j / 8 % 2] = _mm256_add_ps(sums[j / 8 % 2], weight);
  }
  page.sum = tree_sum(sums[0], sums[1]);
  return page;
}

inline float larger(float a, float b) {
  return a > b ? a : b;
}

// Weights of every query of the tile; partials written or merged, and the factors for the values that follow.
template <int N>
void weigh_keys(const KernelTable::PageQuery* queries, Tile<N>& tile) {
  PagePartial pages[N];
  for (int i = 0; i < 8; ++i) tile.before[i] = tile.page[i] = 0.0f;
  for (int i = 0; i < N; ++i) {
    pages[i] = exponentials(tile.n_keys[i], tile.weights[i]);
    if (!queries[i].merge) continue;
    const float max = larger(queries[i].partial->max, pages[i].max);
    tile.before[i] = queries[i].partial->max - max;
    tile.page[i] = pages[i].max - max;
    queries[i].partial->max = max;
  }
  _mm256_store_ps(tile.before, exp8(_mm256_load_ps(tile.before)));
  _mm256_store_ps(tile.page, exp8(_mm256_load_ps(tile.page)));
  for (int i = 0; i < N; ++i) {
    PagePartial& partial = *queries[i].partial;
    if (queries[i].merge) {
      partial.sum = __builtin_fmaf(partial.sum, tile.before[i], pages[i].sum * tile.page[i]);
    } else {
      partial = pages[i];
    }
  }
}

template <int N>
void scale_weights(const float* scales, Tile<N>& tile) {
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < tile.n_keys[i]; j += 8) {
      const __m256 visible = _mm256_castsi256_ps(lanes_below(tile.n_keys[i] - j));
      const __m256 weight = _mm256_mul_ps(_mm256_load_ps(tile.weights[i] + j), _mm256_loadu_ps(scales + j));
      _mm256_store_ps(tile.weights[i] + j, _mm256_and_ps(visible, weight));
    }
  }
}

inline void put_values(const KernelTable::PageQuery& query, float before, float page, int column,
                       int n_columns, __m256 value) {
  float* to = query.values + column;
  if (query.merge) {
    const __m256 old = load_up_to_8(to, n_columns);
    value = _mm256_fmadd_ps(old, _mm256_set1_ps(before), _mm256_mul_ps(value, _mm256_set1_ps(page)));
  }
  store_up_to_8(to, n_columns, value);
}

// Columns [first, first + n_columns) of the values; `v` is V's first row at that column and may be read for 8
// W of them.
template <int N, int W, class T>
void sum_columns(const T* v, int stride, int first, int n_columns, const KernelTable::PageQuery* queries,
                 const Tile<N>& tile, PageAhead& ahead) {
  __m256 acc[N][W];
  clear(acc);
  multiply<N, W, kPageTokens>(&tile.weights[0][0], v, stride, 0, tile.min_keys, acc, ahead);
  PageAhead nothing(v);
  ISA_UNROLL
  for (int i = 0; i < N; ++i) {  // each query goes on alone to its own last key
    __m256(&own)[1][W] = reinterpret_cast<__m256(&)[1][W]>(acc[i]);
    multiply<1, W, kPageTokens>(tile.weights[i], v, stride, tile.min_keys, tile.n_keys[i], own, nothing);
    ISA_UNROLL
    for (int p = 0; p < W / 2; ++p) {
      put_in_order(v, acc[i][2 * p], acc[i][2 * p + 1]);
      const int column = 16 * p;
      put_values(queries[i], tile.before[i], tile.page[i], first + column, n_columns - column, acc[i][2 * p]);
      put_values(queries[i], tile.before[i], tile.page[i], first + column + 8, n_columns - column - 8,
                 acc[i][2 * p + 1]);
    }
  }
}

template <int N, int W, class T>
void sum_values(const T* v_page, int head_dim, const KernelTable::PageQuery* queries, const Tile<N>& tile,
                PageAhead& ahead) {
  const int stride = static_cast<int>(v_stride<T>(head_dim));
  int first = 0;
  for (; first + 8 * W <= head_dim; first += 8 * W) {
    sum_columns<N, W>(v_page + first / kValuesOf<T>, stride, first, 8 * W, queries, tile, ahead);
  }
  for (; first < head_dim; first += 16) {
    const int n_columns = std::min(16, head_dim - first);
    if constexpr (kValuesOf<T> > 1) {  // rows hold whole runs of 16
      sum_columns<N, 2>(v_page + first / kValuesOf<T>, stride, first, n_columns, queries, tile, ahead);
    } else {
      alignas(32) T block[kPageTokens][16] = {};
      for (int j = 0; j < tile.max_keys; ++j) std::copy_n(v_page + j * stride + first, n_columns, block[j]);
      sum_columns<N, 2>(&block[0][0], 16, first, n_columns, queries, tile, ahead);
    }
  }
}

template <int N, class T>
void attend_tile(const T* k_page, const T* v_page, int head_dim, float scale,
                 const KernelTable::PageQuery* queries, PageAhead& ahead) {
  constexpr int W = N <= 2 ? 4 : 2;
  Tile<N> tile;
  tile.min_keys = kPageTokens;
  tile.max_keys = 0;
  for (int i = 0; i < N; ++i) {
    std::copy_n(queries[i].q, head_dim, tile.q[i]);
    tile.n_keys[i] = queries[i].n_keys;
    tile.min_keys = std::min(tile.min_keys, tile.n_keys[i]);
    tile.max_keys = std::max(tile.max_keys, tile.n_keys[i]);
  }
  score_keys<N, W>(k_page, head_dim, scale, tile, ahead);
  weigh_keys<N>(queries, tile);
  if constexpr (kHasScales<T>) scale_weights<N>(scales_of(v_page, head_dim), tile);
  sum_values<N, W>(v_page, head_dim, queries, tile, ahead);
}

template <class T>
void attend(const std::byte* k_bytes, const std::byte* v_bytes, int head_dim, float scale,
            const KernelTable::PageQuery* queries, int n_queries, const void* next) {
  const T* k_page = reinterpret_cast<const T*>(k_bytes);
  const T* v_page = reinterpret_cast<const T*>(v_bytes);
  using Attend = void (*)(const T*, const T*, int, float, const KernelTable::PageQuery*, PageAhead&);
  static constexpr Attend kBySize[kMaxQueries + 1] = {nullptr,           attend_tile<1, T>, attend_tile<2, T>,
                                                      attend_tile<3, T>, attend_tile<4, T>, attend_tile<5, T>,
                                                      attend_tile<6, T>};
  PageAhead ahead = next != nullptr ? PageAhead::of<T>(next, head_dim) : PageAhead(k_page);
  while (n_queries > 0) {
    const int n = n_queries <= kMaxQueries      ? n_queries
                  : n_queries < 2 * kMaxQueries ? (n_queries + 1) / 2  // 7 are 4 and 3, not 6 and 1
                                                : kMaxQueries;
    kBySize[n](k_page, v_page, head_dim, scale, queries, ahead);
    ahead = PageAhead(k_page);  // fetched with the first tile
    queries += n;
    n_queries -= n;
  }
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
    const float max = larger(partial->max, pages[p].max);
    const float before = _mm256_cvtss_f32(exp8(_mm256_set1_ps(partial->max - max)));
    const float after = _mm256_cvtss_f32(exp8(_mm256_set1_ps(pages[p].max - max)));
    partial->max = max;
    partial->sum = __builtin_fmaf(partial->sum, before, pages[p].sum * after);
    const float* page = page_values + p * head_dim;
    for (int d = 0; d < head_dim; d += 8) {
      const __m256 scaled = _mm256_mul_ps(load_up_to_8(page + d, head_dim - d), _mm256_set1_ps(after));
      const __m256 old = load_up_to_8(values + d, head_dim - d);
      store_up_to_8(values + d, head_dim - d, _mm256_fmadd_ps(old, _mm256_set1_ps(before), scaled));
    }
  }
}

void finish_attention(const PagePartial& partial, const float* values, int head_dim, float* out) {
  const __m256 inverse = _mm256_set1_ps(1.0f / partial.sum);
  for (int d = 0; d < head_dim; d += 8) {
    store_up_to_8(out + d, head_dim - d, _mm256_mul_ps(load_up_to_8(values + d, head_dim - d), inverse));
  }
}

}  // namespace compute::cpu::avx2
ISA_END
