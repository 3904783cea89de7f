// SHA-256 by the SHA extensions of x86-64.
#include <cpuid.h>
#include <immintrin.h>

#include "base/sha256_blocks.h"

namespace base::internal {
namespace {

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

// The instructions want the eight words in two registers, highest lane first, as (a, b, e, f) and (c, d, g,
// h).
struct Halves {
  __m128i abef, cdgh;
};

SHA_TARGET Halves load_state(const Sha256State& state) {
  const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data()));
  const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data() + 4));
  const __m128i badc = _mm_shuffle_epi32(abcd, 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1B);
  return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

SHA_TARGET void store_state(const Halves& halves, Sha256State& state) {
  const __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data()), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data() + 4), _mm_alignr_epi8(dchg, feba, 8));
}

SHA_TARGET void four_rounds(Halves& halves, __m128i words, int group) {
  const __m128i constants =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(kSha256Constants.data() + 4 * group));
  const __m128i sum = _mm_add_epi32(words, constants);
  halves.cdgh = _mm_sha256rnds2_epu32(halves.cdgh, halves.abef, sum);
  halves.abef = _mm_sha256rnds2_epu32(halves.abef, halves.cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

// Message words 4g..4g+3 from the sixteen before them.
SHA_TARGET __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(partial, w3);
}

SHA_TARGET void one_block(Halves& halves, const std::byte* block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i w[4];
  for (int i = 0; i < 4; ++i) {
    const auto* from = reinterpret_cast<const __m128i*>(block + 16 * i);
    w[i] = _mm_shuffle_epi8(_mm_loadu_si128(from), big_endian);
    four_rounds(halves, w[i], i);
  }
  for (int group = 4; group < 16; group += 4) {
    for (int i = 0; i < 4; ++i) {
      w[i] = next_words(w[i], w[(i + 1) % 4], w[(i + 2) % 4], w[(i + 3) % 4]);
      four_rounds(halves, w[i], group + i);
    }
  }
}

SHA_TARGET void blocks_by_sha_extensions(Sha256State& state, const std::byte* blocks, size_t n_blocks) {
  Halves halves = load_state(state);
  for (size_t i = 0; i < n_blocks; ++i) {
    const Halves before = halves;
    one_block(halves, blocks + 64 * i);
    halves.abef = _mm_add_epi32(halves.abef, before.abef);
    halves.cdgh = _mm_add_epi32(halves.cdgh, before.cdgh);
  }
  store_state(halves, state);
}

bool has_sha_extensions() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

}  // namespace

Sha256Blocks sha256_blocks_native() {
  // Asked once: cpuid leaves a virtual machine and costs microseconds there.
  static const bool available = has_sha_extensions();
  return available ? blocks_by_sha_extensions : nullptr;
}

}  // namespace base::internal
