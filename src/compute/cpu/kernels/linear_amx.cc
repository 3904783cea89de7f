// Products of quantised weights and many tokens with tile registers (AMX). Few tokens go AVX-512's way.
//
//   for each two strips (32 rows):
//     for each 256 columns:             take the weights apart, to signed bytes in L1 (Block)
//       for each tile of 16 tokens:     1. integer sums of all groups, 16 tokens x 16 rows x 32 columns at a
//                                          time, to memory in L1 (sum_up)
//                                       2. these times their scales onto the float sums (scale_up)
//
// The two steps take turns instead of being interleaved, because this hardware runs one multiplication, fma
// or conversion per cycle instead of two as long as instructions on tiles are in flight; integers are exact
// in any order. A store of a tile costs 16 cycles even if it has fewer rows, hence tiles of 16 tokens.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "compute/cpu/kernels/isa.h"
#include "compute/cpu/kernels/linear.h"
#include "compute/cpu/packed_layouts.h"

ISA_BEGIN(ISA_AMX)
namespace compute::cpu::amx {
namespace {

#define INLINE [[gnu::always_inline]] inline

// In this order.
// clang-format off
#include "compute/cpu/kernels/linear_vectors_avx512.inc"
#include "compute/cpu/kernels/linear_formats.inc"
#include "compute/cpu/kernels/linear_strips.inc"
// clang-format on

constexpr int64_t kFewTokens =
    12;                          // up to here AVX-512's products, which do not take weights apart, are faster
constexpr int kBlockUnits = 8;   // with their weights, sums and tokens, a turn keeps 31 KiB in L1
constexpr int kBlockStrips = 2;  // each tile of tokens loaded meets two
constexpr int64_t kSumTokens = 512;  // tokens that a block of weights meets before it is made again
constexpr int kScaleTokens = 8;      // 2 strips x 8 float sums, their scales, and temporaries

constexpr int kTileBytes = kTileTokens * kWordBytes;  // of integer sums
constexpr int64_t kGroupBytes = 8 * kWordBytes;       // of a strip's weights

// ---- tile registers
//
//   0..3   integer sums   [tokens][16 rows]
//   4, 5   activations    [tokens][one unit's bytes]
//   6, 7   weights        [words of a unit][16 rows x 4 bytes]
//
// A unit is what shares a scale: a group, or for types with sub-scales half of one. Units take turns between
// the even and the odd sums, and a unit's sums are stored when the next but one is about to overwrite them: a
// store holds up whatever comes behind it until its sums are there.

struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t reserved[15] = {};
  uint16_t row_bytes[16] = {};
  uint8_t n_rows[16] = {};
};

INLINE void configure(int n_tokens, int unit_bytes) {
  TileShapes shapes;
  for (int i = 0; i < 8; ++i) {
    shapes.row_bytes[i] = i == 4 || i == 5 ? static_cast<uint16_t>(unit_bytes) : 64;
    shapes.n_rows[i] = static_cast<uint8_t>(i < 6 ? n_tokens : unit_bytes / 4);
  }
  _tile_loadconfig(&shapes);
}

// Units of two strips and one tile of tokens. Integer sums go to [unit][strip].
struct UnitSums {
  const int8_t* x;                    // of unit 0, token 0
  int64_t x_odd_bytes, x_pair_bytes;  // from there to unit 1, and to unit 2
  const std::byte* weights[kBlockStrips];
  int64_t weight_unit_bytes;
  std::byte* sums;

  INLINE const std::byte* weights_at(int strip, int64_t u) const {
    return weights[strip] + u * weight_unit_bytes;
  }
  INLINE std::byte* sums_at(int64_t u, int strip) const {
    return sums + (u * kBlockStrips + strip) * kTileBytes;
  }
  INLINE void even(int64_t u) const {
    _tile_loadd(4, x + u / 2 * x_pair_bytes, kGroup);
    _tile_loadd(6, weights_at(0, u), kWordBytes);
    if (u >= 2) _tile_stored(0, sums_at(u - 2, 0), kWordBytes);
    _tile_zero(0);
    _tile_dpbssd(0, 4, 6);
    _tile_loadd(7, weights_at(1, u), kWordBytes);
    if (u >= 2) _tile_stored(1, sums_at(u - 2, 1), kWordBytes);
    _tile_zero(1);
    _tile_dpbssd(1, 4, 7);
  }
  INLINE void odd(int64_t u) const {
    _tile_loadd(5, x + u / 2 * x_pair_bytes + x_odd_bytes, kGroup);
    _tile_loadd(6, weights_at(0, u), kWordBytes);
    if (u >= 2) _tile_stored(2, sums_at(u - 2, 0), kWordBytes);
    _tile_zero(2);
    _tile_dpbssd(2, 5, 6);
    _tile_loadd(7, weights_at(1, u), kWordBytes);
    if (u >= 2) _tile_stored(3, sums_at(u - 2, 1), kWordBytes);
    _tile_zero(3);
    _tile_dpbssd(3, 5, 7);
  }
  INLINE void store_even(int64_t u) const {
    _tile_stored(0, sums_at(u, 0), kWordBytes);
    _tile_stored(1, sums_at(u, 1), kWordBytes);
  }
  INLINE void store_odd(int64_t u) const {
    _tile_stored(2, sums_at(u, 0), kWordBytes);
    _tile_stored(3, sums_at(u, 1), kWordBytes);
  }
  INLINE void sum_up(int64_t n_units) const {
    asm volatile("" ::: "memory");  // g++'s intrinsics do not say that they read what was written before
    for (int64_t u = 0; u < n_units; u += 2) {
      even(u);
      if (u + 1 < n_units) odd(u + 1);
    }
    const int64_t last = n_units - 1;
    if (last % 2 == 0) {
      if (last > 0) store_odd(last - 1);
      store_even(last);
    } else {
      store_even(last - 1);
      store_odd(last);
    }
    asm volatile("" ::: "memory");
  }
};

// ---- weights

// 256 columns of two strips; 128 if they have sub-scales.
template <class F>
struct Block {
  static constexpr int kUnits = F::kHalves ? 2 : 1;  // of a group
  static constexpr int kGroups = kBlockUnits / kUnits;
  static constexpr int kFloats = 1 + (F::kMinimum ? 1 : 0) + (F::kHalves ? 2 : 0);

  alignas(64) std::byte words[kBlockStrips][kGroups * kGroupBytes];
  alignas(64) std::byte floats[kBlockStrips][kGroups * kFloats * kWordBytes];

  INLINE const std::byte* floats_at(int strip, int64_t group) const {
    return floats[strip] + group * kFloats * kWordBytes;
  }
};

// Group g of a chunk to group `to` of a block's strip, each weight less its offset.
template <class F>
INLINE void take_group_apart(const F& chunk, int g, int strip, int64_t to, Block<F>& block) {
  std::byte* words = block.words[strip] + to * kGroupBytes;
#pragma GCC unroll 8
  for (int w = 0; w < 8; ++w) {
    Ints word = chunk.word(g, w);
    if constexpr (F::kOffset != 0)
      word = add_bytes(word, broadcast(static_cast<int32_t>(0x01010101u * (256u - F::kOffset))));
    store_words(words + w * kWordBytes, word);
  }
  std::byte* floats = block.floats[strip] + to * Block<F>::kFloats * kWordBytes;
  store_floats(floats, chunk.scale(g));
  if constexpr (F::kMinimum) store_floats(floats + kWordBytes, chunk.minimum(g));
  if constexpr (F::kHalves) {
    store_floats(floats + kWordBytes, chunk.sub_scale(g, 0));
    store_floats(floats + 2 * kWordBytes, chunk.sub_scale(g, 1));
  }
}

// The n groups of a strip from first_group on.
template <class F>
void take_apart(const std::byte* panel, int64_t first_group, int64_t n, int strip, Block<F>& block) {
  for (int64_t done = 0; done < n; done += F::kGroups) {
    const F chunk(panel, 0, (first_group + done) / F::kGroups);
#pragma GCC unroll 8
    for (int g = 0; g < F::kGroups; ++g) take_group_apart(chunk, g, strip, done + g, block);
  }
}

// ---- scales

// A group's integer sums as floats, for one token and strip; exact, see numerics.md.
template <class F>
INLINE Floats group_sum(const std::byte* sums, const Floats (&sub_scales)[2]) {
  constexpr int kUnitBytes = kBlockStrips * kTileBytes;
  const Floats first = to_floats(load_words(sums));
  if constexpr (!F::kHalves) return first;
  return multiply_add(to_floats(load_words(sums + kUnitBytes)), sub_scales[1],
                      multiply(first, sub_scales[0]));
}

// Scales of some tokens, at one group.
struct TokenScales {
  const float* scale;
  const float* scaled_sum;
  int64_t stride;
  INLINE void next_group() {
    scale += stride;
    scaled_sum += stride;
  }
};

// The integer sums of some tokens times their scales onto their float sums. Meanwhile the next tile's
// activations come to L1, from `next` on: loads of tiles that wait hold up everything.
template <class F>
struct ScaleUp {
  template <int T>
  static void run(const Block<F>& block, int64_t n_groups, TokenScales x, const std::byte* integers,
                  bool first, std::byte* sums, const int8_t* next) {
    constexpr int kTokenBytes = kBlockStrips * kWordBytes;
    constexpr int kGroupSums = Block<F>::kUnits * kBlockStrips * kTileBytes;
    Floats acc[kBlockStrips][T];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
      for (int s = 0; s < kBlockStrips; ++s)
        acc[s][t] = first ? zero_floats() : load_floats(sums + t * kTokenBytes + s * kWordBytes);
    for (int64_t g = 0; g < n_groups; ++g) {
      prefetch_bytes(next + g * kTileTokens * kGroup, kScaleTokens * kGroup);
      add_group<T>(block, g, x, integers + g * kGroupSums, acc);
      x.next_group();
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
      for (int s = 0; s < kBlockStrips; ++s) store_floats(sums + t * kTokenBytes + s * kWordBytes, acc[s][t]);
  }

  template <int T>
  INLINE static void add_group(const Block<F>& block, int64_t g, const TokenScales& x,
                               const std::byte* integers, Floats (&acc)[kBlockStrips][T]) {
    Floats scales[kBlockStrips], minima[kBlockStrips], sub_scales[kBlockStrips][2];
#pragma GCC unroll 2
    for (int s = 0; s < kBlockStrips; ++s) {
      const std::byte* floats = block.floats_at(s, g);
      scales[s] = load_floats(floats);
      minima[s] = F::kMinimum ? load_floats(floats + kWordBytes) : zero_floats();
      sub_scales[s][0] = F::kHalves ? load_floats(floats + kWordBytes) : zero_floats();
      sub_scales[s][1] = F::kHalves ? load_floats(floats + 2 * kWordBytes) : zero_floats();
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
      const Floats x_scale = broadcast(x.scale[t]);
#pragma GCC unroll 2
      for (int s = 0; s < kBlockStrips; ++s) {
        const Floats sum = group_sum<F>(integers + s * kTileBytes + t * kWordBytes, sub_scales[s]);
        acc[s][t] = multiply_add(sum, multiply(scales[s], x_scale), acc[s][t]);
      }
      if constexpr (F::kMinimum) {
        const Floats x_sum = broadcast(x.scaled_sum[t]);
#pragma GCC unroll 2
        for (int s = 0; s < kBlockStrips; ++s) acc[s][t] = multiply_add(minima[s], x_sum, acc[s][t]);
      }
    }
  }
};

// ---- two strips

// Two strips of a call, the second perhaps beyond its last, and where they go.
struct StripPair {
  const PackedMatrix& weight;
  int64_t strip;
  int n_strips;
  const Output& out;

  const std::byte* panel(int s) const { return weight.panel(strip + (s < n_strips ? s : 0)); }
  // Outputs lie thousands of bytes apart, each on a page of its own.
  INLINE void fetch(int64_t token, int64_t n_tokens) const {
    for (int64_t t = 0; t < n_tokens; ++t)
      prefetch_bytes(out.data + (token + t) * out.stride + strip * kLanes, kBlockStrips * kWordBytes);
  }
  INLINE void put(const std::byte* sums, int64_t token, int64_t n_tokens) const {
    for (int64_t t = 0; t < n_tokens; ++t)
      for (int s = 0; s < n_strips; ++s)
        put_strip(out, StripRows(weight, strip + s), token + t,
                  load_floats(sums + (t * kBlockStrips + s) * kWordBytes));
  }
};

// What a pair of strips works in.
template <class F>
struct Work {
  Block<F> block;
  alignas(64) std::byte integers[kBlockUnits * kBlockStrips * kTileBytes];
  alignas(64) std::byte sums[kSumTokens * kBlockStrips * kWordBytes];  // [token][strip][16]
  Ahead ahead[kBlockStrips];

  INLINE std::byte* sums_at(int64_t token) { return sums + token * kBlockStrips * kWordBytes; }
  INLINE void fetch_ahead() {
    for (Ahead& strip : ahead) strip.step();
  }
};

template <class F>
INLINE void sum_up_tile(Work<F>& work, const QuantizedRow& tile, int64_t first_group, int64_t n_groups) {
  const int64_t group_bytes = tile.stride * kGroup;
  const UnitSums units{tile.q + first_group * group_bytes,
                       F::kHalves ? kGroup / 2 : group_bytes,
                       F::kHalves ? group_bytes : 2 * group_bytes,
                       {work.block.words[0], work.block.words[1]},
                       kGroupBytes / Block<F>::kUnits,
                       work.integers};
  units.sum_up(n_groups * Block<F>::kUnits);
}

// The n tokens of one tile at the block's groups; `done` tokens of the call lie before them. `next` are the
// activations that follow.
template <class F>
void multiply_tile(Work<F>& work, const QuantizedRow& tile, int64_t done, int64_t n, int64_t first_group,
                   int64_t n_groups, const int8_t* next) {
  work.fetch_ahead();
  sum_up_tile(work, tile, first_group, n_groups);
  for (int64_t t = 0; t < n; t += kScaleTokens) {
    work.fetch_ahead();
    const TokenScales x{tile.scale + first_group * tile.stride + t,
                        tile.scaled_sum + first_group * tile.stride + t, tile.stride};
    run_for<ScaleUp<F>, kScaleTokens>(smaller(kScaleTokens, n - t), work.block, n_groups, x,
                                      work.integers + t * kWordBytes, first_group == 0,
                                      work.sums_at(done + t), next + t * kGroup);
  }
}

// Where the file's bytes of a panel's block b lie, to be fetched in n_steps.
template <class F>
INLINE Ahead ahead_of(const PackedMatrix& weight, const std::byte* panel, int64_t b, int64_t n_steps) {
  constexpr int64_t kBytes = int64_t{F::kChunkBytes} * Block<F>::kGroups / F::kGroups;
  const int64_t n_lines = smaller(kBytes, weight.panel_bytes - b * kBytes) / 64;
  return {panel + b * kBytes, n_lines, (n_lines + n_steps - 1) / n_steps};
}

// Block b of a pair's panels taken apart, and the next one's bytes on their way.
template <class F>
void take_pair_apart(const StripPair& pair, int64_t b, int64_t n_groups, bool last, int64_t n_steps,
                     Work<F>& work) {
  for (int s = 0; s < kBlockStrips; ++s) {
    const std::byte* panel = pair.panel(s);
    take_apart(panel, b * Block<F>::kGroups, n_groups, s, work.block);
    work.ahead[s] = last
                        ? ahead_of<F>(pair.weight, panel + kBlockStrips * pair.weight.panel_bytes, 0, n_steps)
                        : ahead_of<F>(pair.weight, panel, b + 1, n_steps);
  }
}

// At most kSumTokens tokens from first_token on, which begins a tile.
template <class F>
void multiply_pair(const StripPair& pair, const QuantizedRows& x, int64_t first_token, int64_t n_tokens,
                   int64_t out_token, Work<F>& work) {
  constexpr int kUnitBytes = kGroup / Block<F>::kUnits;
  constexpr int64_t kBlockGroups = Block<F>::kGroups;
  const int64_t n_groups = pair.weight.n_columns / kGroup;
  const int64_t n_blocks = (n_groups + kBlockGroups - 1) / kBlockGroups;
  const int64_t n_steps =
      (n_tokens + kTileTokens - 1) / kTileTokens + (n_tokens + kScaleTokens - 1) / kScaleTokens;
  int64_t configured = 0;
  for (int64_t b = 0; b < n_blocks; ++b) {
    const bool last = b + 1 == n_blocks;
    const int64_t n_here = smaller(kBlockGroups, n_groups - b * kBlockGroups);
    take_pair_apart(pair, b, n_here, last, n_steps, work);
    for (int64_t done = 0; done < n_tokens; done += kTileTokens) {
      const int64_t n = smaller(kTileTokens, n_tokens - done);
      if (n != configured) configure(static_cast<int>(n), kUnitBytes);
      configured = n;
      if (last) pair.fetch(out_token + done, n);
      const bool last_tile = done + n == n_tokens;
      const QuantizedRow next = x.row(first_token + (last_tile ? 0 : done + n));
      multiply_tile(work, x.row(first_token + done), done, n, b * kBlockGroups, n_here,
                    next.q + (last_tile ? b + 1 : b) % n_blocks * kBlockGroups * kGroup * next.stride);
      if (last) pair.put(work.sums_at(done), out_token + done, n);
    }
  }
}

struct ManyTokens {
  const PackedMatrix& weight;
  int64_t first_panel, last_panel;
  const QuantizedRows& x;
  int64_t first_token, n_tokens;
  const Output& out;

  template <class F>
  void run() const {
    Work<F> work;
    for (int64_t done = 0; done < n_tokens; done += kSumTokens)
      for (int64_t strip = first_panel; strip < last_panel; strip += kBlockStrips)
        multiply_pair({weight, strip, static_cast<int>(smaller(kBlockStrips, last_panel - strip)), out}, x,
                      first_token + done, smaller(kSumTokens, n_tokens - done), done, work);
    // Tiles in use would make each switch of threads, and the units of floating point, slower.
    _tile_release();
  }
};

}  // namespace

void linear_fast(const PackedMatrix& weight, int64_t first_panel, int64_t last_panel, const QuantizedRows& x,
                 int64_t first_token, int64_t n_tokens, const KernelTable::LinearOutput& out) {
  if (n_tokens <= kFewTokens)
    return avx512::linear_fast(weight, first_panel, last_panel, x, first_token, n_tokens, out);
  with_format(weight.type, ManyTokens{weight, first_panel, last_panel, x, first_token, n_tokens, out});
}

}  // namespace compute::cpu::amx
ISA_END
