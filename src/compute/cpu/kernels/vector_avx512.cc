#include <immintrin.h>

#include <cmath>

#include "compute/cpu/kernels/exp_avx512.h"
#include "compute/cpu/kernels/vector_kernels.h"

ISA_BEGIN(ISA_AVX512)
namespace compute::cpu::avx512 {
namespace {

// Lanes of a run of 16 that starts at i and may end early.
inline __mmask16 lanes_left(int64_t n, int64_t i) {
  return n - i >= 16 ? __mmask16{0xFFFF} : static_cast<__mmask16>((1u << (n - i)) - 1);
}

}  // namespace

void rms_norm(const float* x, const float* weight, int64_t n, float eps, float* out) {
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 lanes = lanes_left(n, i);
    const __m512 v = _mm512_maskz_loadu_ps(lanes, x + i);
    sum = _mm512_mask3_fmadd_ps(v, v, sum, lanes);
  }
  const float scale = 1.0f / std::sqrt(tree_sum(sum) / static_cast<float>(n) + eps);
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 lanes = lanes_left(n, i);
    const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, x + i), _mm512_set1_ps(scale));
    _mm512_mask_storeu_ps(out + i, lanes, _mm512_mul_ps(scaled, _mm512_maskz_loadu_ps(lanes, weight + i)));
  }
}

namespace {

void rope_halves(float* head, int64_t n_pairs, const float* cosines, const float* sines) {
  for (int64_t i = 0; i < n_pairs; i += 16) {
    const __mmask16 lanes = lanes_left(n_pairs, i);
    const __m512 c = _mm512_maskz_loadu_ps(lanes, cosines + i);
    const __m512 s = _mm512_maskz_loadu_ps(lanes, sines + i);
    const __m512 a = _mm512_maskz_loadu_ps(lanes, head + i);
    const __m512 b = _mm512_maskz_loadu_ps(lanes, head + n_pairs + i);
    _mm512_mask_storeu_ps(head + i, lanes, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
    _mm512_mask_storeu_ps(head + n_pairs + i, lanes, _mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s)));
  }
}

// 8 pairs in a register: x * cos -+ (x with each pair swapped) * sin.
void rope_interleaved(float* head, int64_t n_pairs, const float* cosines, const float* sines) {
  const __m512i twice = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
  for (int64_t i = 0; i < n_pairs; i += 8) {
    const __mmask16 lanes = lanes_left(2 * n_pairs, 2 * i);
    const __mmask8 pairs = static_cast<__mmask8>(lanes_left(n_pairs, i));
    const __m512 c =
        _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_maskz_loadu_ps(pairs, cosines + i)));
    const __m512 s =
        _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_maskz_loadu_ps(pairs, sines + i)));
    const __m512 x = _mm512_maskz_loadu_ps(lanes, head + 2 * i);
    const __m512 swapped = _mm512_permute_ps(x, 0xB1);
    _mm512_mask_storeu_ps(head + 2 * i, lanes, _mm512_fmaddsub_ps(x, c, _mm512_mul_ps(swapped, s)));
  }
}

}  // namespace

void rope(float* head, int64_t n_pairs, bool interleaved, const float* cosines, const float* sines) {
  if (interleaved) {
    rope_interleaved(head, n_pairs, cosines, sines);
  } else {
    rope_halves(head, n_pairs, cosines, sines);
  }
}

void silu_multiply(const float* gate, const float* up, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += 16) {
    const __mmask16 lanes = lanes_left(n, i);
    const __m512 g = _mm512_maskz_loadu_ps(lanes, gate + i);
    const __m512 negated =
        _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(g), _mm512_set1_epi32(INT32_MIN)));
    const __m512 divisor = _mm512_add_ps(_mm512_set1_ps(1.0f), exp16(negated));
    const __m512 u = _mm512_maskz_loadu_ps(lanes, up + i);
    _mm512_mask_storeu_ps(out + i, lanes, _mm512_mul_ps(_mm512_div_ps(g, divisor), u));
  }
}

}  // namespace compute::cpu::avx512
ISA_END
