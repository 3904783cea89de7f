#include <emmintrin.h>
#include <immintrin.h>

#include <cstring>

#include "compute/cpu/kernels/isa.h"
#include "compute/cpu/roof_loops.h"
#include "platform/cpu_features.h"

// Hides a register's value from the compiler at this point, so that it cannot compute a loop's result
// beforehand.
#define OPAQUE(vector) asm volatile("" : "+x"(vector))
#define OPAQUE_512(vector) asm volatile("" : "+v"(vector))

namespace compute::cpu {
namespace {

constexpr int kPrefetchBytes = 8192;

namespace baseline {

void read(const std::byte* from, size_t n_bytes, bool prefetch) {
  __m128i sums[4] = {};
  for (size_t i = 0; i < n_bytes; i += 64) {
    if (prefetch) _mm_prefetch(reinterpret_cast<const char*>(from + i + kPrefetchBytes), _MM_HINT_T0);
    for (int j = 0; j < 4; ++j) {
      sums[j] = _mm_add_epi64(sums[j], _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i) + j));
    }
  }
  for (__m128i& sum : sums) OPAQUE(sum);
}

void multiply_add(int64_t n) {
  __m128 sums[12] = {};
  const __m128 factor = _mm_set1_ps(0.999f), term = _mm_set1_ps(0.001f);
  for (; n > 0; --n) {
    for (__m128& sum : sums) sum = _mm_add_ps(_mm_mul_ps(sum, factor), term);
  }
  for (__m128& sum : sums) OPAQUE(sum);
}

}  // namespace baseline
}  // namespace
}  // namespace compute::cpu

ISA_BEGIN(ISA_AVX2)
namespace compute::cpu {
namespace {
namespace avx2 {

void read(const std::byte* from, size_t n_bytes, bool prefetch) {
  __m256i sums[4] = {};
  for (size_t i = 0; i < n_bytes; i += 128) {
    if (prefetch) {
      _mm_prefetch(reinterpret_cast<const char*>(from + i + kPrefetchBytes), _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(from + i + kPrefetchBytes + 64), _MM_HINT_T0);
    }
    ISA_UNROLL
    for (int j = 0; j < 4; ++j) {
      sums[j] = _mm256_add_epi64(sums[j], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i) + j));
    }
  }
  ISA_UNROLL
  for (int j = 0; j < 4; ++j) OPAQUE(sums[j]);
}

void multiply_add(int64_t n) {
  __m256 sums[12] = {};
  const __m256 factor = _mm256_set1_ps(0.999f), term = _mm256_set1_ps(0.001f);
  for (; n > 0; --n) {
    ISA_UNROLL
    for (int i = 0; i < 12; ++i) sums[i] = _mm256_fmadd_ps(sums[i], factor, term);
  }
  ISA_UNROLL
  for (int i = 0; i < 12; ++i) OPAQUE(sums[i]);
}

// What 32 int8 products cost without a dot-product instruction: vpmaddubsw, vpmaddwd, vpaddd.
void dot_int8(int64_t n) {
  __m256i sums[8] = {};
  __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(5), ones = _mm256_set1_epi16(1);
  for (; n > 0; --n) {
    ISA_UNROLL
    for (int i = 0; i < 8; ++i) {
      OPAQUE(a);
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  }
  ISA_UNROLL
  for (int i = 0; i < 8; ++i) OPAQUE(sums[i]);
}

}  // namespace avx2
}  // namespace
}  // namespace compute::cpu
ISA_END

ISA_BEGIN(ISA_AVX512)
namespace compute::cpu {
namespace {
namespace avx512 {

void read(const std::byte* from, size_t n_bytes, bool prefetch) {
  __m512i sums[4] = {};
  for (size_t i = 0; i < n_bytes; i += 256) {
    ISA_UNROLL
    for (int j = 0; j < 4; ++j) {
      if (prefetch)
        _mm_prefetch(reinterpret_cast<const char*>(from + i + 64 * j + kPrefetchBytes), _MM_HINT_T0);
      sums[j] = _mm512_add_epi64(sums[j], _mm512_loadu_si512(from + i + 64 * j));
    }
  }
  ISA_UNROLL
  for (int j = 0; j < 4; ++j) OPAQUE_512(sums[j]);
}

void multiply_add(int64_t n) {
  __m512 sums[12] = {};
  const __m512 factor = _mm512_set1_ps(0.999f), term = _mm512_set1_ps(0.001f);
  for (; n > 0; --n) {
    ISA_UNROLL
    for (int i = 0; i < 12; ++i) sums[i] = _mm512_fmadd_ps(sums[i], factor, term);
  }
  ISA_UNROLL
  for (int i = 0; i < 12; ++i) OPAQUE_512(sums[i]);
}

void dot_int8(int64_t n) {
  __m512i sums[16] = {};
  __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(5);
  for (; n > 0; --n) {
    OPAQUE_512(a);
    ISA_UNROLL
    for (int i = 0; i < 16; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
  }
  ISA_UNROLL
  for (int i = 0; i < 16; ++i) OPAQUE_512(sums[i]);
}

// 32 rows x 12 tokens over kTileColumns values: 24 integer sums in registers for a group, then added with
// their scales to the tile of floats, which lies in the nearest cache as 24 more registers do not exist.
constexpr int kTileColumns = 512;
constexpr int kTileTokens = 12;

struct TileData {
  alignas(64) uint8_t weights[kTileColumns / 4][2][64];  // [word][half of the rows][16 rows][4]
  alignas(64) int8_t tokens[kTileColumns / 4][kTileTokens][4];
  alignas(64) float weight_scales[kTileColumns / 16][2][16];
  alignas(64) float token_scales[kTileColumns / 16][kTileTokens];
  alignas(64) float sums[kTileTokens][2][16];
};

inline void add_group(TileData& data, int group, const __m512i (&dots)[kTileTokens][2]) {
  const __m512 low = _mm512_load_ps(data.weight_scales[group][0]);
  const __m512 high = _mm512_load_ps(data.weight_scales[group][1]);
  ISA_UNROLL
  for (int t = 0; t < kTileTokens; ++t) {
    const __m512 scale = _mm512_set1_ps(data.token_scales[group][t]);
    float(&sums)[2][16] = data.sums[t];
    _mm512_store_ps(sums[0], _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][0]), _mm512_mul_ps(low, scale),
                                             _mm512_load_ps(sums[0])));
    _mm512_store_ps(sums[1], _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t][1]), _mm512_mul_ps(high, scale),
                                             _mm512_load_ps(sums[1])));
  }
}

template <int GROUP>
void int8_tile(int64_t n) {
  TileData data;
  std::memset(&data, 0, sizeof data);
  for (; n > 0; --n) {
    for (int group = 0; group < kTileColumns / GROUP; ++group) {
      __m512i dots[kTileTokens][2];
      ISA_UNROLL
      for (int t = 0; t < kTileTokens; ++t) dots[t][0] = dots[t][1] = _mm512_setzero_si512();
      for (int word = group * (GROUP / 4); word < (group + 1) * (GROUP / 4); ++word) {
        const __m512i low = _mm512_load_si512(data.weights[word][0]);
        const __m512i high = _mm512_load_si512(data.weights[word][1]);
        ISA_UNROLL
        for (int t = 0; t < kTileTokens; ++t) {
          int32_t four;
          std::memcpy(&four, data.tokens[word][t], 4);
          const __m512i token = _mm512_set1_epi32(four);
          dots[t][0] = _mm512_dpbusd_epi32(dots[t][0], low, token);
          dots[t][1] = _mm512_dpbusd_epi32(dots[t][1], high, token);
        }
      }
      add_group(data, group, dots);
    }
    asm volatile("" ::"r"(&data) : "memory");
  }
}

}  // namespace avx512
}  // namespace
}  // namespace compute::cpu
ISA_END

ISA_BEGIN("avx512f,avx512bf16")
namespace compute::cpu {
namespace {
namespace avx512 {

void dot_bf16(int64_t n) {
  __m512 sums[16] = {};
  const __m512bh a = (__m512bh)_mm512_set1_epi16(0x3F80), b = (__m512bh)_mm512_set1_epi16(0x3C00);
  for (; n > 0; --n) {
    ISA_UNROLL
    for (int i = 0; i < 16; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
  }
  ISA_UNROLL
  for (int i = 0; i < 16; ++i) OPAQUE_512(sums[i]);
}

}  // namespace avx512
}  // namespace
}  // namespace compute::cpu
ISA_END

namespace compute::cpu {

RoofLoops roof_loops() {
  const platform::CpuFeatures cpu = platform::cpu_features();
  RoofLoops loops{.read = baseline::read, .fp32 = {baseline::multiply_add, 12 * 4 * 2.0}};
  if (cpu.avx2 && cpu.fma) {
    loops.read = avx2::read;
    loops.fp32 = {avx2::multiply_add, 12 * 8 * 2.0};
    loops.int8 = {avx2::dot_int8, 8 * 32 * 2.0};
  }
  if (cpu.avx512f && cpu.avx512bw && cpu.avx512vl && cpu.avx512dq && cpu.avx512_vnni) {
    constexpr double kTileOps = 2.0 * 32 * avx512::kTileTokens * avx512::kTileColumns;
    loops.read = avx512::read;
    loops.fp32 = {avx512::multiply_add, 12 * 16 * 2.0};
    loops.int8 = {avx512::dot_int8, 16 * 64 * 2.0};
    loops.int8_tiles = {{16, {avx512::int8_tile<16>, kTileOps}},
                        {32, {avx512::int8_tile<32>, kTileOps}},
                        {64, {avx512::int8_tile<64>, kTileOps}},
                        {128, {avx512::int8_tile<128>, kTileOps}}};
  }
  if (cpu.avx512f && cpu.avx512_bf16) loops.bf16 = {avx512::dot_bf16, 16 * 32 * 2.0};
  return loops;
}

}  // namespace compute::cpu
