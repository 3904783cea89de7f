// Matrix products with AVX2: a vector holds 8 of a panel's 16 rows.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "compute/cpu/kernels/isa.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/packed_layouts.h"

ISA_BEGIN(ISA_AVX2)
namespace compute::cpu::avx2 {
namespace {

#define INLINE [[gnu::always_inline]] inline

#include "compute/cpu/kernels/linear_vectors_avx2.inc"

// The fewer bits a weight has, the more products fit into 16 bits: taken apart, types keep their own offset.
constexpr bool kUniformOffset = false;

// Dot products of unsigned weights below 2^kBits and signed activations, four to a lane, word by word of a
// group. vpmaddubsw leaves pairs of products in 16 bits; as many words are added there as surely fit: 2 * 127
// * (15, 31, 63) * (8, 4, 2) = 30480, 31496, 32004.
template <int kBits>
struct Dot {
  static constexpr int kWords = kBits == 4 ? 8 : kBits == 5 ? 4 : 2;
  Ints sum, shorts;
  INLINE void start(Ints from) { sum = from; }
  INLINE void start() { sum = _mm256_setzero_si256(); }
  INLINE void add(Ints weights, Ints x, int word) {
    const Ints products = _mm256_maddubs_epi16(weights, x);
    shorts = word % kWords == 0 ? products : _mm256_add_epi16(shorts, products);
    if ((word + 1) % kWords == 0) widen();
  }
  // Keeps the compiler from taking token by token instead of word by word, for which 16 registers do not
  // suffice (18 % slower).
  INLINE void pin() { asm volatile("" : "+x"(shorts)); }
  INLINE void widen() { sum = _mm256_add_epi32(sum, _mm256_madd_epi16(shorts, _mm256_set1_epi16(1))); }
  INLINE Ints total() const { return sum; }
};
// Weights of 8 bits are stored plus 128; |w| and x with w's sign keep a pair of products within 2 * 127 *
// 128.
template <>
struct Dot<8> {
  Ints sum;
  INLINE void start(Ints /*from*/) {
    sum = _mm256_setzero_si256();
  }  // works with w itself: no offset to take back
  INLINE void add(Ints weights, Ints x, int /*word*/) {
    const Ints w = _mm256_xor_si256(weights, _mm256_set1_epi8(-128));
    const Ints products = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
  }
  INLINE void pin() { asm volatile("" : "+x"(sum)); }
  INLINE Ints total() const { return sum; }
};

// Sizes of the register tiles (linear_fast.inc, linear_exact.inc); 16 registers.
constexpr int kStreamTokens = 4;
// Two passes over weights of 8 bits, which need no taking apart, are faster than blocks of bytes; of others
// not.
constexpr int64_t stream_most(int bits) {
  return bits == 8 ? 8 : 4;
}
// One token: 2 panels, so two streams from memory (Q8_0: 78 % of a plain read with one, all of it with two).
constexpr int stream_strips(int n_tokens, bool /*halves*/) {
  return n_tokens <= 1 ? 4 : n_tokens <= 2 ? 2 : 1;
}
constexpr int kBlockStrips = 2;
constexpr int kBlockTokens = 3;
constexpr int kHalvesTokens = 2;
constexpr int kElementStrips = 2;
constexpr int kFloatStrips = 2;
constexpr int kFloatTokens = 6;

// In this order.
// clang-format off
#include "compute/cpu/kernels/linear_formats.inc"
#include "compute/cpu/kernels/linear_strips.inc"
#include "compute/cpu/kernels/linear_fast.inc"
#include "compute/cpu/kernels/linear_exact.inc"
// clang-format on

// Four vectors of 8 values each.
struct Values32 {
  __m256 v[4];
};

INLINE int largest(__m256i a) {
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

// The bits of the largest magnitude: as integers, magnitudes have the order of floats, infinity above all
// that is finite and NaN above that.
INLINE int largest_magnitude(const Values32& x) {
  const __m256i magnitude = _mm256_set1_epi32(INT32_MAX);
  __m256i top = _mm256_setzero_si256();
  for (int i = 0; i < 4; ++i)
    top = _mm256_max_epi32(top, _mm256_and_si256(_mm256_castps_si256(x.v[i]), magnitude));
  return largest(top);
}

INLINE int sum_bytes(__m128i q) {
  const __m128i sums = _mm_sad_epu8(_mm_xor_si128(q, _mm_set1_epi8(-128)), _mm_setzero_si128());
  return _mm_cvtsi128_si32(sums) + _mm_extract_epi32(sums, 2) - 16 * 128;
}

// 16 values, scaled, as bytes in order.
INLINE __m128i to_bytes(__m256 a, __m256 b, __m256 by) {
  const __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(a, by)),
                high = _mm256_cvtps_epi32(_mm256_mul_ps(b, by));
  const __m256i shorts = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
  return _mm_packs_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256(shorts, 1));
}

struct QuantizedGroup {
  __m128i low, high;  // 16 values each
  float scale;
};

INLINE QuantizedGroup quantize_group(const Values32& x) {
  const int top = largest_magnitude(x);
  if (top >= 0x7F800000) return {_mm_setzero_si128(), _mm_setzero_si128(), __builtin_nanf("")};
  float amax;
  __builtin_memcpy(&amax, &top, 4);
  const float inverse = 127.0f / amax;
  if (!(inverse <= __FLT_MAX__)) return {_mm_setzero_si128(), _mm_setzero_si128(), 0.0f};
  const __m256 by = _mm256_set1_ps(inverse);
  return {to_bytes(x.v[0], x.v[1], by), to_bytes(x.v[2], x.v[3], by), amax / 127.0f};
}

}  // namespace

void quantize_row(const float* x, int64_t n, QuantizedRow out) {
  for (int64_t g = 0; g < n / kGroup; ++g, x += kGroup) {
    const QuantizedGroup group = quantize_group(
        {{_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8), _mm256_loadu_ps(x + 16), _mm256_loadu_ps(x + 24)}});
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

}  // namespace compute::cpu::avx2
ISA_END
