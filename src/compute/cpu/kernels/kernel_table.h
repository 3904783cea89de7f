#pragma once
// The inner loops of the CPU backend: one KernelTable per instruction set, all with the same bits.
//
// scalar.cc defines the arithmetic; docs/numerics.md says it in words. Notation:
//
//   fma(a, b, c)   a*b + c, rounded once
//   sum16(v)       lane i of 16 accumulators takes elements i, i+16, i+32, ...; then lanes i and i+8 are
//                  added for i < 8, then i and i+4 for i < 4, then i and i+2, then 0 and 1
//   max16(v)       the same lanes and tree, from -infinity, with max(a, b) = a > b ? a : b
//   exp(x)         our polynomial (exp.h)
//
// Kernels are pure functions of their arguments: no threads, no allocation, no state. The caller splits the
// work.
#include <cstdint>

#include "compute/backend.h"
#include "compute/cpu/packed_matrix.h"
#include "compute/cpu/quantized_rows.h"

namespace compute::cpu {

// Largest head_dim of the attention kernels (their work arrays lie on the stack).
inline constexpr int kMaxHeadDim = 512;

// Attention of one query over some keys, not yet divided by the sum; its head_dim weighted values lie beside
// it.
struct PagePartial {
  float max;
  float sum;
};

struct KernelTable {
  const char* name;
  int tile_tokens;  // rows of a tile of QuantizedRows that linear_fast wants

  // ---- matrix products (kernels/linear_*.cc)
  // out[t * stride + r] for rows r of panels [first_panel, last_panel) and tokens t < n_tokens; x and out
  // begin with the first of these tokens. QuantizedRows holds more: there they are rows [first_token,
  // first_token + n_tokens), and first_token is a multiple of tile_tokens.
  //   exact:  acc = 0; for k ascending: acc = fma(w[r][k], x[t][k], acc)          w dequantised to float32
  //   fast:   acc = 0; for groups g of 32 ascending:
  //             acc = fma(float(sum of wq * xq over the group), w_scale * x_scale, acc)
  //             and, for types with a minimum, acc = fma(w_min, x_scale * float(sum of xq), acc)
  //           Q6_K: the integer sum is  sum over its two halves of  sub_scale * (sum of (wq-32) * xq).
  // then out = acc, or acc + bias[r]; with add: out = out + that.
  struct LinearOutput {
    float* data;        // of row 0, token 0
    int64_t stride;     // floats between tokens
    const float* bias;  // or null
    bool add;
  };
  void (*linear_exact)(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const float* x,
                       int64_t x_stride, int64_t n_tokens, const LinearOutput& out);
  void (*linear_fast)(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel,
                      const QuantizedRows& x, int64_t first_token, int64_t n_tokens, const LinearOutput& out);
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
  // K and V of one head in a page, as kv_layout.h draws them. For each of n_queries:
  //   score[j] = scale * (acc = 0; acc = fma(q[d], k[d][j], acc) over d ascending), j < n_keys
  //              types with scales: scale * (acc * k_scale[j])
  //   max = max16(score), with -infinity for j >= n_keys
  //   p[j] = exp(score[j] - max) for j < n_keys, 0 beyond; sum = sum16(p), by plain additions
  //   values[d] = (acc = 0; acc = fma(p[j], v[j][d], acc) over j < n_keys ascending)
  //               types with scales: p[j] * v_scale[j] in place of p[j]
  // Then, if the query says so, the page is merged into what partial and values hold of earlier pages:
  //   m = max(max_before, max_page); a = exp(max_before - m); b = exp(max_page - m)
  //   sum = fma(sum_before, a, sum_page * b); values = fma(values_before, a, values_page * b)
  // Keys, values and scales at n_keys and beyond are never looked at: they may hold anything.
  // `ahead`, which may be null, is what the caller will read next: as many bytes as both pages hold are
  // fetched into the cache meanwhile.
  struct PageQuery {
    const float* q;  // [head_dim]
    int n_keys;      // 1..64 visible keys of this page
    bool merge;      // false: partial and values are overwritten
    PagePartial* partial;
    float* values;  // [head_dim]
  };
  void (*attend_page)(KvType type, const std::byte* k_page, const std::byte* v_page, int head_dim,
                      float scale, const PageQuery* queries, int n_queries, const void* ahead);
  // Merges n_pages further pages of one query into (partial, values), in order, by the arithmetic above.
  // page_values: [n_pages][head_dim]
  void (*merge_pages)(const PagePartial* pages, const float* page_values, int64_t n_pages, int head_dim,
                      PagePartial* partial, float* values);
  // out = values * (1 / sum)
  void (*finish_attention)(const PagePartial& partial, const float* values, int head_dim, float* out);
};

const KernelTable& scalar_kernels();
const KernelTable& avx2_kernels();
const KernelTable& avx_vnni_kernels();
const KernelTable& avx512_kernels();
const KernelTable& amx_kernels();  // REQUIRES: platform::request_tiles()

}  // namespace compute::cpu
