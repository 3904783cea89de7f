// Fast matrix products with AVX2 and AVX-VNNI: 8 of a panel's 16 rows in a vector, and vpdpbusd. All other
// kernels of this table are AVX2's.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "compute/cpu/kernels/isa.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/packed_layouts.h"

ISA_BEGIN(ISA_AVX_VNNI)
namespace compute::cpu::avx_vnni {
namespace {

#define INLINE [[gnu::always_inline]] inline

#include "compute/cpu/kernels/linear_vectors_avx2.inc"

// As with AVX-512: vpdpbusd takes any unsigned bytes.
constexpr bool kUniformOffset = true;

template <int kBits>
struct Dot {
  Ints sum;
  INLINE void start(Ints from) { sum = from; }
  INLINE void start() { sum = _mm256_setzero_si256(); }
  INLINE void add(Ints weights, Ints x, int /*word*/) { sum = _mm256_dpbusd_avx_epi32(sum, weights, x); }
  // As in linear_avx2.cc.
  INLINE void pin() { asm volatile("" : "+x"(sum)); }
  INLINE Ints total() const { return sum; }
};

// Sizes of the register tiles; 16 registers.
constexpr int kStreamTokens = 6;
constexpr int64_t stream_most(int /*bits*/) {
  return 6;
}
constexpr int stream_strips(int n_tokens, bool /*halves*/) {
  return n_tokens <= 1 ? 4 : n_tokens <= 3 ? 2 : 1;
}
constexpr int kBlockStrips = 2;
constexpr int kBlockTokens = 3;
constexpr int kHalvesTokens = 2;

// In this order.
// clang-format off
#include "compute/cpu/kernels/linear_formats.inc"
#include "compute/cpu/kernels/linear_strips.inc"
#include "compute/cpu/kernels/linear_fast.inc"
// clang-format on

}  // namespace

void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                 int64_t first_token, int64_t n_tokens, const KernelTable::LinearOutput& out) {
  with_format(weight.type, Fast{weight, first_panel, last_panel, x, first_token, n_tokens, out});
}

}  // namespace compute::cpu::avx_vnni
ISA_END
