#pragma once
// The inner loops of the CPU backend: one KernelTable per instruction set, all with the same bits.
//
// scalar.cc defines the arithmetic; docs/numerics.md says it in words. Notation: fma(a, b, c) is a*b + c rounded once.
//
//   sum16(v)   lane i of 16 accumulators takes elements i, i+16, i+32, ... ; then lanes i and i+8 are added for i < 8,
//              then i and i+4 for i < 4, then i and i+2, then 0 and 1.
//   exp(x)     our polynomial (scalar.cc), the same in every table.
//
// Kernels are pure functions of their arguments: no threads, no allocation, no state. The caller splits the work.
#include <cstdint>

#include "compute/cpu/packed_matrix.h"
#include "compute/cpu/quantized_rows.h"

namespace compute::cpu {

struct PagePartial {  // attention of one query over the keys of one page
  float max;
  float sum;
  // followed by head_dim weighted values, kept by the caller
};

struct KernelTable {
  const char* name;

  // ---- matrix products (kernels/linear_*.cc)
  // out[t * out_stride + r] for rows r of panels [first_panel, last_panel) and all tokens t of the input:
  //   exact:  acc = 0; for k ascending: acc = fma(w[r][k], x[t][k], acc)          w dequantised to float32
  //   fast:   acc = 0; for groups g of 32 ascending:
  //             acc = fma(float(sum of wq * xq over the group), w_scale * x_scale, acc)
  //             and, for types with a minimum, acc = fma(w_min, x_scale * float(sum of xq), acc)
  //           Q6_K: the integer sum is  sum over its two halves of  sub_scale * (sum of (wq-32) * xq).
  // then out = acc, or acc + bias[r]; with add: out = out + that.
  struct LinearOutput {
    float* data;          // of row 0, token 0
    int64_t stride;       // floats between tokens
    const float* bias;    // or null
    bool add;
  };
  void (*linear_exact)(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const float* x,
                       int64_t x_stride, int64_t n_tokens, const LinearOutput& out);
  void (*linear_fast)(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                      int64_t first_token, int64_t n_tokens, const LinearOutput& out);
  // One row of float32 to int8 with a scale per 32 values: see quantized_rows.h.
  void (*quantize_row)(const float* x, int64_t n, QuantizedRow out);

  // ---- vectors (kernels/vector_*.cc)
  // s = sum16 by acc = fma(x, x, acc); scale = 1 / sqrt(s / n + eps); out = (x * scale) * weight
  void (*rms_norm)(const float* x, const float* weight, int64_t n, float eps, float* out);
  // half-split or interleaved pair (a, b) to (fma(a, c, -(b * s)), fma(b, c, a * s)); tables [n_pairs]
  void (*rope)(float* head, int64_t n_pairs, bool interleaved, const float* cosines, const float* sines);
  // g / (1 + exp(-g)) * u
  void (*silu_multiply)(const float* gate, const float* up, int64_t n, float* out);

  // ---- attention (kernels/attention_*.cc)
  // K page of one head: [head_dim][64] (keys in lanes); V page: [64][head_dim]; both of the cache's type.
  // For each of n_queries: score[j] = scale * (acc = fma(q[d], k[d][j], acc) over d ascending), j < n_keys[query];
  // max over those; p[j] = exp(score[j] - max); sum = sum16(p); values[d] = (acc = fma(p[j], v[j][d], acc), j ascending).
  struct PageQuery {
    const float* q;      // [head_dim]
    int n_keys;          // 1..64 visible keys of this page
    PagePartial* partial;
    float* values;       // [head_dim]
  };
  void (*attend_page_f32)(const float* k_page, const float* v_page, int head_dim, float scale, const PageQuery* queries,
                          int n_queries);
  void (*attend_page_bf16)(const uint16_t* k_page, const uint16_t* v_page, int head_dim, float scale,
                           const PageQuery* queries, int n_queries);
  // Merges the partials of one query in page order and divides:
  //   m' = max(m, mp); a = exp(m - m'); b = exp(mp - m'); l = fma(l, a, lp * b); o = fma(o, a, op * b)
  // starting from the first page as it is; out = o * (1 / l).  values: [n_pages][head_dim]
  void (*merge_pages)(const PagePartial* partials, const float* values, int64_t n_pages, int head_dim, float* out);
};

// The tables that this build has, best first, and whether this CPU can run them (dispatch.cc).
struct KernelChoice {
  const KernelTable* table;
  bool runs_here;
};
const KernelTable& scalar_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx512_kernels();

}  // namespace compute::cpu
