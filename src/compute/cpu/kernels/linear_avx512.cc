// Matrix products with AVX-512 and VNNI: a vector holds the 16 rows of a panel.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "compute/cpu/kernels/isa.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/packed_layouts.h"

ISA_BEGIN(ISA_AVX512)
namespace compute::cpu::avx512 {
namespace {

#define INLINE [[gnu::always_inline]] inline

// Sizes of the register tiles (linear_fast.inc, linear_exact.inc); 32 registers.
constexpr int kStreamTokens = 16;  // 16 integer and 16 float sums: some wait in memory, which costs nothing
// Beyond, taking weights apart once pays.
constexpr int64_t stream_most(int /*bits*/) {
  return 16;
}
// Types with halves have a third more sums.
constexpr int stream_strips(int n_tokens, bool halves) {
  if (halves) return n_tokens <= 3 ? 4 : n_tokens <= 6 ? 2 : 1;
  return n_tokens <= 4 ? 4 : n_tokens <= 8 ? 2 : 1;
}
constexpr int kBlockStrips = 2;  // 2 x 6: 12 integer and 12 float sums, 2 weights, 2 scales, 1 activation
constexpr int kBlockTokens = 6;
constexpr int kHalvesTokens = 4;  // Q6_K keeps one more sum: 3 x 2 x 4
constexpr int kElementStrips = 2;
constexpr int kFloatStrips = 4;  // 24 sums, 4 weights, 1 activation
constexpr int kFloatTokens = 6;

// In this order.
// clang-format off
#include "compute/cpu/kernels/linear_vectors_avx512.inc"
#include "compute/cpu/kernels/linear_formats.inc"
#include "compute/cpu/kernels/linear_strips.inc"
#include "compute/cpu/kernels/linear_fast.inc"
#include "compute/cpu/kernels/linear_exact.inc"
// clang-format on

struct QuantizedGroup {
  __m128i low, high;  // 16 values each
  float scale;
};

INLINE int sum_bytes(__m128i q) {
  const __m128i sums = _mm_sad_epu8(_mm_xor_si128(q, _mm_set1_epi8(-128)), _mm_setzero_si128());
  return _mm_cvtsi128_si32(sums) + _mm_extract_epi32(sums, 2) - 16 * 128;
}

INLINE QuantizedGroup quantize_group(const float* x) {
  const __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
  // The integer order of magnitudes is that of the floats, with NaN above infinity above all that is finite.
  const __m512i magnitude = _mm512_set1_epi32(INT32_MAX);
  const int top =
      _mm512_reduce_max_epi32(_mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(a), magnitude),
                                               _mm512_and_si512(_mm512_castps_si512(b), magnitude)));
  if (top >= 0x7F800000) return {_mm_setzero_si128(), _mm_setzero_si128(), __builtin_nanf("")};
  float amax;
  __builtin_memcpy(&amax, &top, 4);
  const float inverse = 127.0f / amax;
  if (!(inverse <= __FLT_MAX__)) return {_mm_setzero_si128(), _mm_setzero_si128(), 0.0f};
  const __m512 by = _mm512_set1_ps(inverse);
  return {_mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(a, by))),
          _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(b, by))), amax / 127.0f};
}

}  // namespace

void quantize_row(const float* x, int64_t n, QuantizedRow out) {
  for (int64_t g = 0; g < n / kGroup; ++g, x += kGroup) {
    const QuantizedGroup group = quantize_group(x);
    const int64_t entry = g * out.stride;
    int8_t* q = out.q + entry * kGroup;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q), group.low);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + 16), group.high);
    const int low = sum_bytes(group.low), high = sum_bytes(group.high);
    out.scale[entry] = group.scale;
    out.scaled_sum[entry] = group.scale * static_cast<float>(low + high);
    out.offset_sum[entry] = -128 * (low + high);
    out.offset_sum16[2 * entry] = -128 * low;
    out.offset_sum16[2 * entry + 1] = -128 * high;
  }
}

void linear_exact(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const float* x,
                  int64_t x_stride, int64_t n_tokens, const KernelTable::LinearOutput& out) {
  exact_of_type(weight, first_panel, last_panel, x, x_stride, n_tokens, out);
}

void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                 int64_t first_token, int64_t n_tokens, const KernelTable::LinearOutput& out) {
  with_format(weight.type, Fast{weight, first_panel, last_panel, x, first_token, n_tokens, out});
}

}  // namespace compute::cpu::avx512
ISA_END
