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

// ---- the vectors that the .inc files are written in

using Floats = __m512;
using Ints = __m512i;
constexpr int kLanes = 16;
// Weights are taken apart to unsigned bytes that all start from offset_sum: vpdpbusd takes any.
constexpr bool kUniformOffset = true;

INLINE Ints load_words(const std::byte* from) {
  return _mm512_load_si512(from);
}
INLINE void store_words(std::byte* to, Ints words) {
  _mm512_store_si512(to, words);
}
INLINE Ints load_shorts_as_words(const std::byte* from) {
  return _mm512_cvtepu16_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
}
INLINE Ints load_bytes_as_words(const std::byte* from) {
  return _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
INLINE Floats load_halves(const std::byte* from) {
  return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
}
INLINE Floats load_bf16(const std::byte* from) {
  const __m256i halves = _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
INLINE Floats load_floats(const std::byte* from) {
  return _mm512_load_ps(from);
}
INLINE void store_floats(std::byte* to, Floats values) {
  _mm512_store_ps(to, values);
}
INLINE Floats zero_floats() {
  return _mm512_setzero_ps();
}
INLINE Ints broadcast(int32_t value) {
  return _mm512_set1_epi32(value);
}
INLINE Floats broadcast(float value) {
  return _mm512_set1_ps(value);
}
INLINE Ints broadcast_bytes(const int8_t* four) {
  int32_t word;
  __builtin_memcpy(&word, four, 4);
  return _mm512_set1_epi32(word);
}
INLINE Ints operator_and(Ints a, Ints b) {
  return _mm512_and_si512(a, b);
}
INLINE Ints operator_or(Ints a, Ints b) {
  return _mm512_or_si512(a, b);
}
INLINE Ints add(Ints a, Ints b) {
  return _mm512_add_epi32(a, b);
}
INLINE Ints add_bytes(Ints a, Ints b) {
  return _mm512_add_epi8(a, b);
}
// By an amount that is a constant after inlining.
INLINE Ints shift_right_by(Ints a, int bits) {
  return _mm512_srli_epi32(a, static_cast<unsigned>(bits));
}
INLINE Ints shift_left_by(Ints a, int bits) {
  return _mm512_slli_epi32(a, static_cast<unsigned>(bits));
}
template <int kBits>
INLINE Ints shift_right_signed(Ints a) {
  return _mm512_srai_epi32(a, kBits);
}
INLINE Ints smaller_of(Ints a, Ints b) {
  return _mm512_min_epi32(a, b);
}
INLINE Ints larger_of(Ints a, Ints b) {
  return _mm512_max_epi32(a, b);
}
INLINE Ints all_ones_where_equal(Ints a, Ints b) {
  return _mm512_maskz_set1_epi32(_mm512_cmpeq_epi32_mask(a, b), -1);
}
// Each byte of `codes`, below 16, replaced by the table's.
INLINE Ints look_up(const uint8_t (&table)[16], Ints codes) {
  const __m128i values = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(values), codes);
}
INLINE Floats as_floats(Ints bits) {
  return _mm512_castsi512_ps(bits);
}
INLINE Floats to_floats(Ints a) {
  return _mm512_cvtepi32_ps(a);
}
INLINE Floats multiply(Floats a, Floats b) {
  return _mm512_mul_ps(a, b);
}
INLINE Floats negate(Floats a) {
  return _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(a), _mm512_set1_epi32(INT32_MIN)));
}
INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a, b, c);
}
INLINE void prefetch(const std::byte* from) {
  _mm_prefetch(reinterpret_cast<const char*>(from), _MM_HINT_T0);
}

// Dot products of unsigned weights below 2^kBits and signed activations, four to a lane, word by word of a
// group.
template <int kBits>
struct Dot {
  Ints sum;
  INLINE void start(Ints from) { sum = from; }
  INLINE void start() { sum = _mm512_setzero_si512(); }
  INLINE void add(Ints weights, Ints x, int /*word*/) { sum = _mm512_dpbusd_epi32(sum, weights, x); }
  INLINE void pin() {}
  INLINE Ints total() const { return sum; }
};

// The n first lanes of `values` to a row of the output.
INLINE void put_row(float* to, const float* bias, bool add, Floats values, int64_t n) {
  const __mmask16 mask = n >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << n) - 1);
  if (bias != nullptr) values = _mm512_add_ps(values, _mm512_maskz_loadu_ps(mask, bias));
  if (add) values = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), values);
  _mm512_mask_storeu_ps(to, mask, values);
}

// Sizes of the register tiles (linear_fast.inc, linear_exact.inc); 32 registers.
constexpr int kStreamTokens = 12;    // 12 integer and 12 float sums, and what unpacking needs
constexpr int64_t kStreamMost = 12;  // beyond, taking weights apart once pays
constexpr int kBlockStrips = 2;      // 2 x 6: 12 integer and 12 float sums, 2 weights, 2 scales, 1 activation
constexpr int kBlockTokens = 6;
constexpr int kHalvesTokens = 4;  // Q6_K keeps one more sum: 3 x 2 x 4
constexpr int kElementStrips = 2;
constexpr int kFloatStrips = 4;  // 24 sums, 4 weights, 1 activation
constexpr int kFloatTokens = 6;

// In this order.
// clang-format off
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
