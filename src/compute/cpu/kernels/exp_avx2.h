#pragma once
// exp_f32 on 8 lanes, step by step as in exp.h.
#include <immintrin.h>

#include "compute/cpu/kernels/exp.h"
#include "compute/cpu/kernels/isa.h"

ISA_BEGIN(ISA_AVX2)
namespace compute::cpu::avx2 {

inline __m256 exp8(__m256 x) {
  const __m256 shift = _mm256_set1_ps(kRoundingShift);
  const __m256 shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(kLog2E), shift);
  const __m256 n = _mm256_sub_ps(shifted, shift);
  const __m256 r =
      _mm256_fmadd_ps(n, _mm256_set1_ps(-kLn2Low), _mm256_fmadd_ps(n, _mm256_set1_ps(-kLn2High), x));
  __m256 q = _mm256_fmadd_ps(_mm256_set1_ps(kExpC4), r, _mm256_set1_ps(kExpC3));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(kExpC2));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(kExpC1));
  q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(kExpC0));
  const __m256 mantissa = _mm256_add_ps(_mm256_set1_ps(1.0f), _mm256_fmadd_ps(q, _mm256_mul_ps(r, r), r));
  __m256 y = _mm256_castsi256_ps(
      _mm256_add_epi32(_mm256_castps_si256(mantissa), _mm256_slli_epi32(_mm256_castps_si256(shifted), 23)));
  y = _mm256_andnot_ps(_mm256_cmp_ps(x, _mm256_set1_ps(kExpLow), _CMP_LT_OQ), y);
  y = _mm256_blendv_ps(y, _mm256_set1_ps(std::numeric_limits<float>::infinity()),
                       _mm256_cmp_ps(x, _mm256_set1_ps(kExpHigh), _CMP_GT_OQ));
  return _mm256_blendv_ps(y, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}

}  // namespace compute::cpu::avx2
ISA_END
