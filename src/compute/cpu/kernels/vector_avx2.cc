#include <immintrin.h>

#include <cmath>

#include "compute/cpu/kernels/exp_avx2.h"
#include "compute/cpu/kernels/lanes_avx2.h"
#include "compute/cpu/kernels/vector_kernels.h"

ISA_BEGIN(ISA_AVX2)
namespace compute::cpu::avx2 {

// The 16 lanes of a sum are two registers; values of a tail that are not there count as 0, which adds
// nothing.
void rms_norm(const float* x, const float* weight, int64_t n, float eps, float* out) {
  __m256 low = _mm256_setzero_ps();
  __m256 high = _mm256_setzero_ps();
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256 a = _mm256_loadu_ps(x + i);
    const __m256 b = _mm256_loadu_ps(x + i + 8);
    low = _mm256_fmadd_ps(a, a, low);
    high = _mm256_fmadd_ps(b, b, high);
  }
  const __m256 a = load_up_to_8(x + i, n - i);
  const __m256 b = load_up_to_8(x + i + 8, n - i - 8);
  low = _mm256_fmadd_ps(a, a, low);
  high = _mm256_fmadd_ps(b, b, high);
  const float scale = 1.0f / std::sqrt(tree_sum(low, high) / static_cast<float>(n) + eps);
  for (i = 0; i < n; i += 8) {
    const __m256 scaled = _mm256_mul_ps(load_up_to_8(x + i, n - i), _mm256_set1_ps(scale));
    store_up_to_8(out + i, n - i, _mm256_mul_ps(scaled, load_up_to_8(weight + i, n - i)));
  }
}

namespace {

void rope_halves(float* head, int64_t n_pairs, const float* cosines, const float* sines) {
  for (int64_t i = 0; i < n_pairs; i += 8) {
    const int64_t left = n_pairs - i;
    const __m256 c = load_up_to_8(cosines + i, left);
    const __m256 s = load_up_to_8(sines + i, left);
    const __m256 a = load_up_to_8(head + i, left);
    const __m256 b = load_up_to_8(head + n_pairs + i, left);
    store_up_to_8(head + i, left, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
    store_up_to_8(head + n_pairs + i, left, _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
  }
}

// 4 pairs in a register: x * cos -+ (x with each pair swapped) * sin.
void rope_interleaved(float* head, int64_t n_pairs, const float* cosines, const float* sines) {
  const __m256i twice = _mm256_set_epi32(3, 3, 2, 2, 1, 1, 0, 0);
  for (int64_t i = 0; i < n_pairs; i += 4) {
    const int64_t left = n_pairs - i < 4 ? n_pairs - i : 4;
    const __m256 c = _mm256_permutevar8x32_ps(load_up_to_8(cosines + i, left), twice);
    const __m256 s = _mm256_permutevar8x32_ps(load_up_to_8(sines + i, left), twice);
    const __m256 x = load_up_to_8(head + 2 * i, 2 * left);
    const __m256 swapped = _mm256_permute_ps(x, 0xB1);
    store_up_to_8(head + 2 * i, 2 * left, _mm256_fmaddsub_ps(x, c, _mm256_mul_ps(swapped, s)));
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
  for (int64_t i = 0; i < n; i += 8) {
    const __m256 g = load_up_to_8(gate + i, n - i);
    const __m256 divisor = _mm256_add_ps(_mm256_set1_ps(1.0f), exp8(_mm256_xor_ps(g, _mm256_set1_ps(-0.0f))));
    const __m256 u = load_up_to_8(up + i, n - i);
    store_up_to_8(out + i, n - i, _mm256_mul_ps(_mm256_div_ps(g, divisor), u));
  }
}

}  // namespace compute::cpu::avx2
ISA_END
