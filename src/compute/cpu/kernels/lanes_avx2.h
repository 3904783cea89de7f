#pragma once
// 16 lanes as two registers: the trees of sum16.h, and runs that end early.
#include <immintrin.h>

#include <cstdint>

#include "compute/cpu/kernels/isa.h"

ISA_BEGIN(ISA_AVX2)
namespace compute::cpu::avx2 {

inline float tree_sum(__m256 low, __m256 high) {
  const __m256 eight = _mm256_add_ps(low, high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

inline float tree_max(__m256 low, __m256 high) {  // max_ps(a, b) is a > b ? a : b
  const __m256 eight = _mm256_max_ps(low, high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

// All bits set in the lanes below n; any n.
inline __m256i lanes_below(int64_t n) {
  const int count = n >= 8 ? 8 : n <= 0 ? 0 : static_cast<int>(n);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// The first n of 8 floats, zeros behind them; n may be 0 or less (nothing is read), or more than 8.
inline __m256 load_up_to_8(const float* from, int64_t n) {
  return n >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, lanes_below(n));
}

inline void store_up_to_8(float* to, int64_t n, __m256 v) {
  if (n >= 8) return _mm256_storeu_ps(to, v);
  _mm256_maskstore_ps(to, lanes_below(n), v);
}

}  // namespace compute::cpu::avx2
ISA_END
