// Both halves of attention over a page are small matrix products C[query][column] = sum over k of A[query][k]
// B[k][column]:
//
//   scores   A = queries [N][head_dim]   B = K page [head_dim][64]      columns are keys
//   values   A = weights [N][64]         B = V page [64][head_dim]      columns are dimensions
//
// so one register tile serves both: N queries x W registers of 16 columns, one accumulator per element, k
// ascending. Up to 6 queries take W = 4, up to 12 take W = 2: 24 accumulators, W columns and a broadcast use
// 27 or 29 of the 32 registers. A bf16 row of B is loaded 32 columns at a time and split into even and odd
// columns by a shift and a mask (two instructions instead of the four of widening in order); a permutation at
// the end puts the columns in order.
#include <immintrin.h>

#include <algorithm>
#include <limits>

#include "compute/cpu/kernels/attention_kernels.h"
#include "compute/cpu/kernels/exp_avx512.h"
#include "compute/cpu/kernels/page_ahead.h"
#include "compute/cpu/kv_layout.h"

ISA_BEGIN(ISA_AVX512)
namespace compute::cpu::avx512 {
namespace {

constexpr int kMaxQueries = 12;
// Floats between two queries in the copy of A; odd in units of 64 bytes, so that rows do not share cache
// sets.
constexpr int kQueryStride = kMaxHeadDim + 16;

// Queries of a tile and what is computed for them.
template <int N>
struct Tile {
  alignas(64) float q[N][kQueryStride];
  alignas(64) float weights[N][kPageTokens];
  // Lane i is query i's. Read from the queries before the products, so that these small stores have long left
  // the store buffer when they are loaded as one vector.
  alignas(64) float max[16];
  alignas(64) float sum[16];
  alignas(64) float before[16];  // factors of the merge
  alignas(64) float page[16];
  __mmask16 merging;
  int n_keys[N];
  int min_keys;
  int max_keys;
};

inline __mmask32 columns_left(int n_columns, int column) {
  const int left = n_columns - column;
  return left >= 32 ? 0xFFFFFFFFu : left <= 0 ? 0u : (1u << left) - 1;
}

// Registers 2i and 2i+1 of a row of B: columns [32 i, 32 i + 32) in order (float), or even and odd (bf16).
inline void load_pair(const float* row, __mmask32 columns, __m512& first, __m512& second) {
  first = _mm512_maskz_loadu_ps(static_cast<__mmask16>(columns), row);
  second = _mm512_maskz_loadu_ps(static_cast<__mmask16>(columns >> 16), row + 16);
}

inline void load_pair(const uint16_t* row, __mmask32 columns, __m512& first, __m512& second) {
  const __m512i both = _mm512_maskz_loadu_epi16(columns, row);
  first = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
  second = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(static_cast<int>(0xFFFF0000))));
}

inline void load_pair(const int8_t* row, __mmask32 columns, __m512& first, __m512& second) {
  const __m128i low = _mm_maskz_loadu_epi8(static_cast<__mmask16>(columns), row);
  const __m128i high = _mm_maskz_loadu_epi8(static_cast<__mmask16>(columns >> 16), row + 16);
  first = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(low));
  second = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(high));
}

inline void load_pair(const NibblePair* row, __mmask32 columns, __m512& first, __m512& second) {
  const __mmask16 bytes = columns >> 16 != 0 ? 0xFFFF
                          : columns != 0     ? 0xFF
                                             : 0;  // rows hold whole runs of 16
  const __m512 levels = _mm512_loadu_ps(kQ4Levels);
  const __m512i codes = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(bytes, row));
  first = _mm512_permutexvar_ps(codes, levels);  // by the lowest four bits
  second = _mm512_permutexvar_ps(_mm512_srli_epi32(codes, 4), levels);
}

inline void put_in_order(const float*, __m512&, __m512&) {}
inline void put_in_order(const int8_t*, __m512&, __m512&) {}

inline void put_in_order(const NibblePair*, __m512& first, __m512& second) {
  const __m512 low = first;  // columns 0-7, 16-23; the others in second
  first = _mm512_shuffle_f32x4(low, second, 0x44);
  second = _mm512_shuffle_f32x4(low, second, 0xEE);
}

inline void put_in_order(const uint16_t*, __m512& first, __m512& second) {
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i high = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
  const __m512 even = first;
  first = _mm512_permutex2var_ps(even, low, second);
  second = _mm512_permutex2var_ps(even, high, second);
}

// acc[i][w] += A[i][k] * B[k][columns of w] for k in [k_begin, k_end). `a` has A_STRIDE floats between
// queries; `b` is B's first row at the tile's first column.
template <int N, int W, int A_STRIDE, class T>
inline void multiply(const float* a, const T* b, int b_stride, const __mmask32 (&columns)[W / 2], int k_begin,
                     int k_end, __m512 (&acc)[N][W], PageAhead& ahead) {
  PageAhead own = ahead;  // so that the compiler keeps it in registers
  for (int k = k_begin; k < k_end; ++k) {
    own.step<static_cast<int>(W * 16 * sizeof(T) / kValuesOf<T>)>(k);
    const T* row = b + static_cast<int64_t>(k) * b_stride;
    __m512 wide[W];
    ISA_UNROLL
    for (int p = 0; p < W / 2; ++p)
      load_pair(row + 32 / kValuesOf<T> * p, columns[p], wide[2 * p], wide[2 * p + 1]);
    ISA_UNROLL
    for (int i = 0; i < N; ++i) {
      const __m512 factor = _mm512_set1_ps(a[i * A_STRIDE + k]);
      ISA_UNROLL
      for (int w = 0; w < W; ++w) acc[i][w] = _mm512_fmadd_ps(factor, wide[w], acc[i][w]);
    }
  }
  ahead = own;
}

template <int N, int W>
inline void clear(__m512 (&acc)[N][W]) {
  ISA_UNROLL
  for (int i = 0; i < N; ++i) {
    ISA_UNROLL
    for (int w = 0; w < W; ++w) acc[i][w] = _mm512_setzero_ps();
  }
}

template <int N, int W, class T>
void score_keys(const T* k_page, int head_dim, float scale, Tile<N>& tile, PageAhead& ahead) {
  __mmask32 all[W / 2];
  for (__mmask32& mask : all) mask = 0xFFFFFFFFu;
  for (int first = 0; first < tile.max_keys; first += 16 * W) {
    __m512 acc[N][W];
    clear(acc);
    multiply<N, W, kQueryStride>(&tile.q[0][0], k_page + first / kValuesOf<T>, kKeyStride<T>, all, 0,
                                 head_dim, acc, ahead);
    ISA_UNROLL
    for (int i = 0; i < N; ++i) {
      ISA_UNROLL
      for (int p = 0; p < W / 2; ++p) {
        put_in_order(k_page, acc[i][2 * p], acc[i][2 * p + 1]);
        if constexpr (kHasScales<T>) {
          const float* scales = scales_of(k_page, head_dim) + first + 32 * p;
          acc[i][2 * p] = _mm512_mul_ps(acc[i][2 * p], _mm512_loadu_ps(scales));
          acc[i][2 * p + 1] = _mm512_mul_ps(acc[i][2 * p + 1], _mm512_loadu_ps(scales + 16));
        }
        float* to = tile.weights[i] + first + 32 * p;
        _mm512_store_ps(to, _mm512_mul_ps(_mm512_set1_ps(scale), acc[i][2 * p]));
        _mm512_store_ps(to + 16, _mm512_mul_ps(_mm512_set1_ps(scale), acc[i][2 * p + 1]));
      }
    }
  }
}

// The 16 keys from 16 w on that a query sees.
inline __mmask16 visible_keys(int n_keys, int w) {
  const int left = n_keys - 16 * w;
  return left >= 16 ? __mmask16{0xFFFF} : left <= 0 ? __mmask16{0} : static_cast<__mmask16>((1u << left) - 1);
}

// Turns scores into weights, in place (most pages are visible as a whole: no masks there); sets the maxima
// and sums to those of the page.
template <int N, bool ALL_VISIBLE>
void exponentials(Tile<N>& tile, __m512& maxima, __m512& sums) {
  const __m512 minus_infinity = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
  __m512 lanes[N];
  ISA_UNROLL
  for (int i = 0; i < N; ++i) {
    lanes[i] = minus_infinity;
    ISA_UNROLL
    for (int w = 0; w < 4; ++w) {
      const __mmask16 visible = ALL_VISIBLE ? __mmask16{0xFFFF} : visible_keys(tile.n_keys[i], w);
      lanes[i] =
          _mm512_max_ps(lanes[i], _mm512_mask_loadu_ps(minus_infinity, visible, tile.weights[i] + 16 * w));
    }
  }
  maxima = tree_of_each<N, /*MAX=*/true>(lanes);
  alignas(64) float max[16];
  _mm512_store_ps(max, maxima);
  ISA_UNROLL
  for (int i = 0; i < N; ++i) {
    lanes[i] = _mm512_setzero_ps();
    ISA_UNROLL
    for (int w = 0; w < 4; ++w) {
      const __mmask16 visible = ALL_VISIBLE ? __mmask16{0xFFFF} : visible_keys(tile.n_keys[i], w);
      const __m512 score = _mm512_maskz_loadu_ps(visible, tile.weights[i] + 16 * w);
      const __m512 weight =
          _mm512_maskz_mov_ps(visible, exp16_not_positive(_mm512_sub_ps(score, _mm512_set1_ps(max[i]))));
      lanes[i] = _mm512_add_ps(lanes[i], weight);
      _mm512_store_ps(tile.weights[i] + 16 * w, weight);
    }
  }
  sums = tree_of_each<N, /*MAX=*/false>(lanes);
}

// Weights of every query of the tile, and the maxima, sums and factors of the merge; query i in lane i.
template <int N>
void weigh_keys(Tile<N>& tile) {
  __m512 page_max, page_sum;
  if (tile.min_keys == kPageTokens)
    exponentials<N, true>(tile, page_max, page_sum);
  else
    exponentials<N, false>(tile, page_max, page_sum);
  const __m512 old_max = _mm512_load_ps(tile.max);
  const __m512 max = _mm512_max_ps(old_max, page_max);
  const __m512 before = exp16_not_positive(_mm512_sub_ps(old_max, max));
  const __m512 page = exp16_not_positive(_mm512_sub_ps(page_max, max));
  const __m512 sum = _mm512_fmadd_ps(_mm512_load_ps(tile.sum), before, _mm512_mul_ps(page_sum, page));
  _mm512_store_ps(tile.before, before);
  _mm512_store_ps(tile.page, page);
  _mm512_store_ps(tile.max, _mm512_mask_mov_ps(page_max, tile.merging, max));
  _mm512_store_ps(tile.sum, _mm512_mask_mov_ps(page_sum, tile.merging, sum));
}

template <int N>
void scale_weights(const float* scales, Tile<N>& tile) {
  for (int i = 0; i < N; ++i) {
    ISA_UNROLL
    for (int w = 0; w < 4; ++w) {
      const __m512 weight = _mm512_load_ps(tile.weights[i] + 16 * w);
      const __m512 scale = _mm512_loadu_ps(scales + 16 * w);
      _mm512_store_ps(tile.weights[i] + 16 * w,
                      _mm512_maskz_mul_ps(visible_keys(tile.n_keys[i], w), weight, scale));
    }
  }
}

inline void put_values(const KernelTable::PageQuery& query, float before, float page, int column,
                       __mmask16 columns, __m512 value) {
  float* to = query.values + column;
  if (query.merge) {
    const __m512 old = _mm512_maskz_loadu_ps(columns, to);
    value = _mm512_fmadd_ps(old, _mm512_set1_ps(before), _mm512_mul_ps(value, _mm512_set1_ps(page)));
  }
  _mm512_mask_storeu_ps(to, columns, value);
}

template <int N, int W, class T>
void sum_values(const T* v_page, int head_dim, const KernelTable::PageQuery* queries, const Tile<N>& tile,
                PageAhead& ahead) {
  const int stride = static_cast<int>(v_stride<T>(head_dim));
  for (int first = 0; first < head_dim; first += 16 * W) {
    __mmask32 columns[W / 2];
    for (int p = 0; p < W / 2; ++p) columns[p] = columns_left(head_dim, first + 32 * p);
    __m512 acc[N][W];
    clear(acc);
    const T* v = v_page + first / kValuesOf<T>;
    multiply<N, W, kPageTokens>(&tile.weights[0][0], v, stride, columns, 0, tile.min_keys, acc, ahead);
    PageAhead nothing(v);
    ISA_UNROLL
    for (int i = 0; i < N; ++i) {  // each query goes on alone to its own last key
      __m512(&own)[1][W] = reinterpret_cast<__m512(&)[1][W]>(acc[i]);
      multiply<1, W, kPageTokens>(tile.weights[i], v, stride, columns, tile.min_keys, tile.n_keys[i], own,
                                  nothing);
      ISA_UNROLL
      for (int p = 0; p < W / 2; ++p) {
        put_in_order(v_page, acc[i][2 * p], acc[i][2 * p + 1]);
        const int column = first + 32 * p;
        put_values(queries[i], tile.before[i], tile.page[i], column, static_cast<__mmask16>(columns[p]),
                   acc[i][2 * p]);
        put_values(queries[i], tile.before[i], tile.page[i], column + 16,
                   static_cast<__mmask16>(columns[p] >> 16), acc[i][2 * p + 1]);
      }
    }
  }
}

template <int N>
void begin_tile(const KernelTable::PageQuery* queries, int head_dim, Tile<N>& tile) {
  tile.min_keys = kPageTokens;
  tile.max_keys = 0;
  tile.merging = 0;
  for (int i = 0; i < N; ++i) {
    int d = 0;
    for (; d + 16 <= head_dim; d += 16) _mm512_store_ps(tile.q[i] + d, _mm512_loadu_ps(queries[i].q + d));
    if (d < head_dim) {
      const __mmask16 lanes = static_cast<__mmask16>(columns_left(head_dim, d));
      _mm512_store_ps(tile.q[i] + d, _mm512_maskz_loadu_ps(lanes, queries[i].q + d));
    }
    tile.n_keys[i] = queries[i].n_keys;
    tile.min_keys = std::min(tile.min_keys, tile.n_keys[i]);
    tile.max_keys = std::max(tile.max_keys, tile.n_keys[i]);
    tile.merging = static_cast<__mmask16>(tile.merging | (queries[i].merge ? 1u << i : 0u));
    tile.max[i] = queries[i].partial->max;
    tile.sum[i] = queries[i].partial->sum;
  }
}

template <int N, class T>
void attend_tile(const T* k_page, const T* v_page, int head_dim, float scale,
                 const KernelTable::PageQuery* queries, PageAhead& ahead) {
  constexpr int W = N <= 6 ? 4 : 2;
  Tile<N> tile;
  begin_tile<N>(queries, head_dim, tile);
  score_keys<N, W>(k_page, head_dim, scale, tile, ahead);
  weigh_keys<N>(tile);
  if constexpr (kHasScales<T>) scale_weights<N>(scales_of(v_page, head_dim), tile);
  sum_values<N, W>(v_page, head_dim, queries, tile, ahead);
  for (int i = 0; i < N; ++i) *queries[i].partial = {.max = tile.max[i], .sum = tile.sum[i]};
}

template <class T>
void attend(const std::byte* k_bytes, const std::byte* v_bytes, int head_dim, float scale,
            const KernelTable::PageQuery* queries, int n_queries, const void* next) {
  const T* k_page = reinterpret_cast<const T*>(k_bytes);
  const T* v_page = reinterpret_cast<const T*>(v_bytes);
  using Attend = void (*)(const T*, const T*, int, float, const KernelTable::PageQuery*, PageAhead&);
  static constexpr Attend kBySize[kMaxQueries + 1] = {
      nullptr,           attend_tile<1, T>, attend_tile<2, T>,  attend_tile<3, T>,
      attend_tile<4, T>, attend_tile<5, T>, attend_tile<6, T>,  attend_tile<7, T>,
      attend_tile<8, T>, attend_tile<9, T>, attend_tile<10, T>, attend_tile<11, T>,
      attend_tile<12, T>};
  while (n_queries > 0) {
    // 13 queries are 7 and 6 rather than 12 and 1: a full tile costs little more than a small one.
    const int n = n_queries <= kMaxQueries      ? n_queries
                  : n_queries < 2 * kMaxQueries ? (n_queries + 1) / 2
                                                : kMaxQueries;
    // The next page comes with the last tile: earlier it would push this page out of L1.
    const bool fetches = next != nullptr && n == n_queries;
    PageAhead ahead = fetches ? PageAhead::of<T>(next, head_dim) : PageAhead(k_page);
    kBySize[n](k_page, v_page, head_dim, scale, queries, ahead);
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
    const float max = partial->max > pages[p].max ? partial->max : pages[p].max;
    const __m128 shifts = _mm_setr_ps(partial->max - max, pages[p].max - max, 0.0f, 0.0f);
    const __m512 factors = exp16_not_positive(_mm512_zextps128_ps512(shifts));
    const __m512 before = _mm512_broadcastss_ps(_mm512_castps512_ps128(factors));
    const __m512 after = _mm512_permute_ps(_mm512_broadcast_f32x4(_mm512_castps512_ps128(factors)), 0x55);
    partial->max = max;
    partial->sum =
        __builtin_fmaf(partial->sum, _mm512_cvtss_f32(before), pages[p].sum * _mm512_cvtss_f32(after));
    const float* page = page_values + p * head_dim;
    for (int d = 0; d < head_dim; d += 16) {
      const __mmask16 lanes = static_cast<__mmask16>(columns_left(head_dim, d));
      const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, page + d), after);
      const __m512 sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, values + d), before, scaled);
      _mm512_mask_storeu_ps(values + d, lanes, sum);
    }
  }
}

void finish_attention(const PagePartial& partial, const float* values, int head_dim, float* out) {
  const __m512 inverse = _mm512_set1_ps(1.0f / partial.sum);
  for (int d = 0; d < head_dim; d += 16) {
    const __mmask16 lanes = static_cast<__mmask16>(columns_left(head_dim, d));
    _mm512_mask_storeu_ps(out + d, lanes, _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, values + d), inverse));
  }
}

}  // namespace compute::cpu::avx512
ISA_END
