#pragma once
// exp_f32 on 16 lanes, step by step as in exp.h; and the trees that end a sum or a maximum over 16 lanes.
#include <immintrin.h>

#include "compute/cpu/kernels/exp.h"
#include "compute/cpu/kernels/isa.h"

ISA_BEGIN(ISA_AVX512)
namespace compute::cpu::avx512 {

// exp_f32 of a finite x within its range, or NaN; anything for other x. VSCALEFPS multiplies by 2^n exactly,
// as adding to the exponent field does, and keeps NaN.
inline __m512 exp16_in_range(__m512 x) {
  const __m512 shift = _mm512_set1_ps(kRoundingShift);
  const __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(x, _mm512_set1_ps(kLog2E), shift), shift);
  const __m512 r =
      _mm512_fmadd_ps(n, _mm512_set1_ps(-kLn2Low), _mm512_fmadd_ps(n, _mm512_set1_ps(-kLn2High), x));
  __m512 q = _mm512_fmadd_ps(_mm512_set1_ps(kExpC4), r, _mm512_set1_ps(kExpC3));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(kExpC2));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(kExpC1));
  q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(kExpC0));
  const __m512 mantissa = _mm512_add_ps(_mm512_set1_ps(1.0f), _mm512_fmadd_ps(q, _mm512_mul_ps(r, r), r));
  return _mm512_scalef_ps(mantissa, n);
}

inline __m512 exp16(__m512 x) {
  const __mmask16 not_low = _mm512_cmp_ps_mask(x, _mm512_set1_ps(kExpLow), _CMP_NLT_UQ);  // NaN among them
  const __mmask16 high = _mm512_cmp_ps_mask(x, _mm512_set1_ps(kExpHigh), _CMP_GT_OQ);
  return _mm512_mask_mov_ps(_mm512_maskz_mov_ps(not_low, exp16_in_range(x)), high,
                            _mm512_set1_ps(std::numeric_limits<float>::infinity()));
}

// REQUIRES: x <= 0 or NaN.
inline __m512 exp16_not_positive(__m512 x) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(kExpLow), _CMP_NLT_UQ), exp16_in_range(x));
}

inline float tree_sum(__m512 v) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

inline __m512 sum_or_max(__m512 a, __m512 b, bool max) {
  return max ? _mm512_max_ps(a, b) : _mm512_add_ps(a, b);  // max_ps(a, b) is a > b ? a : b
}

// The tree of tree_sum, or the same with a maximum, of N vectors at once: lane i of the result is that of
// rows[i]. Each step halves two vectors into one:
//
//   lanes 0-7 | 8-15 of a and b  ->  8 of a, 8 of b  ->  4 of a, b, c, d  ->  2 of eight  ->  1 of sixteen
template <int N, bool MAX>
inline __m512 tree_of_each(const __m512 (&rows)[N]) {
  __m512 v[16];
  ISA_UNROLL
  for (int i = 0; i < 16; ++i) v[i] = i < N ? rows[i] : _mm512_setzero_ps();
  ISA_UNROLL
  for (int i = 0; i < 8; ++i) {
    const __m512 a = v[2 * i], b = v[2 * i + 1];
    v[i] = sum_or_max(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE), MAX);
  }
  ISA_UNROLL
  for (int i = 0; i < 4; ++i) {
    const __m512 a = v[2 * i], b = v[2 * i + 1];
    v[i] = sum_or_max(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD), MAX);
  }
  ISA_UNROLL
  for (int i = 0; i < 2; ++i) {
    const __m512 a = v[2 * i], b = v[2 * i + 1];
    v[i] = sum_or_max(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE), MAX);
  }
  const __m512 mixed =
      sum_or_max(_mm512_shuffle_ps(v[0], v[1], 0x88), _mm512_shuffle_ps(v[0], v[1], 0xDD), MAX);
  // Row i has ended up in lane (i mod 4) * 4 + i / 4.
  return _mm512_permutexvar_ps(_mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), mixed);
}

}  // namespace compute::cpu::avx512
ISA_END
