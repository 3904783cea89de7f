// Matrix products: the scalar table against double, every other table against the scalar one, bit for bit.
#include <gtest/gtest.h>

#include <sys/mman.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "compute/cpu/kernels/dispatch.h"
#include "compute/cpu/packed_layouts.h"
#include "compute/cpu/panel_memory.h"
#include "tensor/block_layouts.h"
#include "tensor/dequantize.h"

namespace compute::cpu {
namespace {

using tensor::DType;

std::vector<DType> types_packed(bool in_groups) {
  std::vector<DType> types;
  for (const PackedLayout& layout : kLayouts)
    if ((layout.block_elements > 1) == in_groups) types.push_back(layout.type);
  return types;
}
const std::vector<DType> kQuantised = types_packed(true);
const std::vector<DType> kElements = types_packed(false);

// How the weights of a file are made up.
enum class Fill { any_bits, zero, all_ones, tiny_scales };

using Random = std::mt19937_64;

// A finite F16 code, or one of the smallest.
uint16_t random_half(Random& random, Fill fill) {
  const uint16_t bits = static_cast<uint16_t>(random());
  if (fill == Fill::tiny_scales) return bits & 0x8003;  // subnormal or zero, of either sign
  return (bits & 0x7C00) == 0x7C00 ? bits & 0xBFFF : bits;
}

// An E8M0 code of moderate size, or one of the smallest.
uint8_t random_exponent(Random& random, Fill fill) {
  return static_cast<uint8_t>(fill == Fill::tiny_scales ? random() % 4 : 100 + random() % 50);
}

// Bytes of a tensor file: scales are finite, quants are whatever the fill says.
std::vector<std::byte> random_weights(DType type, int64_t n_rows, int64_t n_columns, Fill fill,
                                      Random& random) {
  std::vector<std::byte> bytes(n_rows * tensor::row_bytes(type, n_columns));
  for (std::byte& b : bytes)
    b = fill == Fill::zero ? std::byte{0} : fill == Fill::all_ones ? std::byte{0xFF} : std::byte(random());
  const PackedLayout& layout = *layout_of(type);
  if (type == DType::F32) {
    std::normal_distribution<float> normal;
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      const float value = fill == Fill::zero ? 0.0f : normal(random);
      std::memcpy(&bytes[i], &value, 4);
    }
    return bytes;
  }
  for (size_t block = 0; block < bytes.size(); block += layout.block_bytes)
    for (const PackedField& field : layout.fields)
      if (field.width == 1) {
        bytes[block + field.from] =
            std::byte{fill == Fill::zero ? uint8_t{0} : random_exponent(random, fill)};
      } else if (field.width == 2 && field.count == 1) {
        uint16_t half = random_half(random, fill);
        if (type == DType::BF16)
          half = static_cast<uint16_t>((half & 0x8FFF) | 0x3000);  // a moderate exponent
        if (fill == Fill::zero) half = 0;
        std::memcpy(&bytes[block + field.from], &half, 2);
      }
  return bytes;
}

std::vector<float> random_activations(int64_t n, Random& random) {
  std::vector<float> x(n);
  std::normal_distribution<float> normal;
  for (float& value : x) value = normal(random) * (random() % 50 == 0 ? 1e5f : 1.0f);
  for (int64_t group = 0; group < n / kGroup; ++group) {
    float* first = &x[group * kGroup];
    switch (random() % 16) {
      case 0:
        std::fill_n(first, kGroup, 0.0f);
        break;
      case 1:
        std::fill_n(first, kGroup, -0.0f);
        break;
      case 2:
        for (int j = 0; j < kGroup; ++j) first[j] *= 1e-38f;
        break;
      case 3:
        std::fill_n(first, kGroup, -1.5f);
        break;  // all at -127
      default:
        break;
    }
  }
  return x;
}

// A packed matrix with the memory it lies in, and the file it was made of.
struct TestMatrix {
  std::vector<std::byte> file;
  PanelMemory memory;
  PackedMatrix packed;
  void pack(int64_t n_rows, int64_t n_columns) {
    pack_panels({packed.type, {n_rows, n_columns}, file}, {}, 0, packed.n_panels(), memory.data());
  }
};

TestMatrix test_matrix(DType type, int64_t n_rows, int64_t n_columns, Fill fill, Random& random) {
  PackedMatrix packed = packed_shape(type, n_rows, n_columns);
  TestMatrix m{random_weights(type, n_rows, n_columns, fill, random),
               PanelMemory::allocate(packed.panel_bytes * packed.n_panels()).value(), packed};
  m.packed.panels = m.memory.data();
  m.pack(n_rows, n_columns);
  return m;
}

// Quantised rows with the memory they lie in.
struct TestTokens {
  std::vector<std::byte> memory;
  QuantizedRows rows;
};

TestTokens quantised(const KernelTable& table, const std::vector<float>& x, int64_t n_tokens,
                     int64_t n_columns) {
  TestTokens tokens;
  tokens.memory.assign(QuantizedRows::size_bytes(n_tokens, n_columns) + 64, std::byte{0});
  auto address = reinterpret_cast<uintptr_t>(tokens.memory.data());
  tokens.rows =
      QuantizedRows::in(tokens.memory.data() + (64 - address % 64), n_tokens, n_columns, table.tile_tokens);
  for (int64_t t = 0; t < n_tokens; ++t) table.quantize_row(&x[t * n_columns], n_columns, tokens.rows.row(t));
  return tokens;
}

std::vector<const KernelTable*> tables_here() {
  std::vector<const KernelTable*> tables;
  for (const KernelChoice& choice : built_kernels())
    if (choice.runs_here && choice.table != &scalar_kernels()) tables.push_back(choice.table);
  return tables;
}

// The first place at which two results differ in a bit; NaNs are equal to each other.
void expect_same_bits(const std::vector<float>& expected, const std::vector<float>& actual,
                      const std::string& what) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(actual[i])) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(expected[i]), std::bit_cast<uint32_t>(actual[i]))
        << what << ": element " << i << " is " << actual[i] << " instead of " << expected[i];
  }
}

struct Case {
  int64_t n_rows, n_columns, n_tokens;
  bool bias, add;
};

std::string describe(const KernelTable& table, DType type, const Case& c) {
  return std::string(table.name) + " " + std::string(tensor::name(type)) + " rows " +
         std::to_string(c.n_rows) + " columns " + std::to_string(c.n_columns) + " tokens " +
         std::to_string(c.n_tokens);
}

// Runs a product in two calls, over the first panel and over the others, as two threads would.
template <class Product>
std::vector<float> run(const Case& c, const std::vector<float>& bias, const std::vector<float>& before,
                       Product product) {
  std::vector<float> y = before;
  const KernelTable::LinearOutput out{y.data(), c.n_rows + 3, c.bias ? bias.data() : nullptr, c.add};
  const int64_t n_panels = (c.n_rows + kPanelRows - 1) / kPanelRows;
  product(0, 1, out);
  product(1, n_panels, out);
  return y;
}

class Products {
 public:
  Products(DType type, const Case& c, Fill fill, Random& random)
      : case_(c),
        matrix_(test_matrix(type, c.n_rows, c.n_columns, fill, random)),
        x_(random_activations(c.n_tokens * c.n_columns, random)),
        bias_(random_activations(c.n_rows, random)),
        before_(random_activations(c.n_tokens * (c.n_rows + 3), random)) {}

  std::vector<float> fast(const KernelTable& table) const {
    const TestTokens tokens = quantised(table, x_, case_.n_tokens, case_.n_columns);
    return run(case_, bias_, before_, [&](int64_t first, int64_t last, const KernelTable::LinearOutput& out) {
      table.linear_fast(matrix_.packed, first, last, tokens.rows, 0, case_.n_tokens, out);
    });
  }
  std::vector<float> exact(const KernelTable& table) const {
    return run(case_, bias_, before_, [&](int64_t first, int64_t last, const KernelTable::LinearOutput& out) {
      table.linear_exact(matrix_.packed, first, last, x_.data(), case_.n_columns, case_.n_tokens, out);
    });
  }
  void clear_token(int64_t t) { std::fill_n(&x_[t * case_.n_columns], case_.n_columns, 0.0f); }
  // Of the weights' file.
  void set_byte(size_t at, uint8_t value) {
    matrix_.file[at] = std::byte{value};
    matrix_.pack(case_.n_rows, case_.n_columns);
  }
  const TestMatrix& matrix() const { return matrix_; }
  const std::vector<float>& x() const { return x_; }

 private:
  Case case_;
  TestMatrix matrix_;
  std::vector<float> x_, bias_, before_;
};

Case random_case(int i, int block, Random& random) {
  static constexpr int64_t kRows[] = {1, 7, 16, 17, 31, 32, 33, 48, 79};
  const int64_t n_columns = block == 256  ? 256 * (1 + i % 4)
                            : block == 32 ? 32 * (1 + i % 19)
                                          : 1 + i * 7 % 300;
  return {kRows[random() % 9], n_columns, 1 + i % 27, random() % 2 == 0, random() % 3 == 0};
}

TEST(Linear, EveryTableGivesTheBitsOfTheScalarOneInFastNumerics) {
  Random random(1);
  for (const DType type : kQuantised)
    for (int i = 0; i < 81; ++i) {
      const Case c = random_case(i, tensor::info(type).block_elements, random);
      const Products products(type, c, static_cast<Fill>(i % 4), random);
      const std::vector<float> expected = products.fast(scalar_kernels());
      for (const KernelTable* table : tables_here())
        expect_same_bits(expected, products.fast(*table), describe(*table, type, c));
    }
}

TEST(Linear, EveryTableGivesTheBitsOfTheScalarOneInExactNumerics) {
  Random random(2);
  for (const auto types : {std::span<const DType>(kQuantised), std::span<const DType>(kElements)})
    for (const DType type : types)
      for (int i = 0; i < 54; ++i) {
        const Case c = random_case(i, tensor::info(type).block_elements, random);
        const Products products(type, c, static_cast<Fill>(i % 4), random);
        const std::vector<float> expected = products.exact(scalar_kernels());
        for (const KernelTable* table : tables_here())
          expect_same_bits(expected, products.exact(*table), describe(*table, type, c));
      }
}

// Row lengths that are every number modulo 256 that the type's blocks allow, so every tail of every loop;
// every number of tokens up to 20; some tokens all zeros.
TEST(Linear, EveryLengthOfARowGivesTheBitsOfTheScalarTable) {
  Random random(9);
  for (const auto types : {std::span<const DType>(kQuantised), std::span<const DType>(kElements)})
    for (const DType type : types) {
      const int64_t block = tensor::info(type).block_elements;
      for (int64_t n_columns = 256; n_columns < 512; n_columns += block) {
        const Case c{19, n_columns, 1 + n_columns / std::min<int64_t>(block, 32) % 20, true, false};
        Products products(type, c, Fill::any_bits, random);
        for (int64_t t = 0; t < c.n_tokens; t += 3) products.clear_token(t);
        const std::vector<float> exact = products.exact(scalar_kernels());
        for (const KernelTable* table : tables_here())
          expect_same_bits(exact, products.exact(*table), describe(*table, type, c));
        if (block == 1) continue;
        const std::vector<float> fast = products.fast(scalar_kernels());
        for (const KernelTable* table : tables_here())
          expect_same_bits(fast, products.fast(*table), describe(*table, type, c));
      }
    }
}

// All 256 scales of MXFP4, the subnormal ones and NaN among them: eight groups in each of 32 rows.
TEST(Linear, EveryScaleOfMXFP4GivesTheBitsOfTheScalarTable) {
  Random random(10);
  const Case c{32, 256, 5, false, false};
  Products products(DType::MXFP4, c, Fill::any_bits, random);
  for (int e = 0; e < 256; ++e) products.set_byte(e * sizeof(tensor::BlockMXFP4), static_cast<uint8_t>(e));
  for (const KernelTable* table : tables_here()) {
    expect_same_bits(products.exact(scalar_kernels()), products.exact(*table),
                     describe(*table, DType::MXFP4, c));
    expect_same_bits(products.fast(scalar_kernels()), products.fast(*table),
                     describe(*table, DType::MXFP4, c));
  }
}

TEST(Linear, ManyTokensAreNoDifferentFromFew) {
  Random random(3);
  for (const DType type : kQuantised)
    for (const int64_t n_tokens : {191, 192, 193, 400}) {
      const Case c{33, 512, n_tokens, true, true};
      const Products products(type, c, Fill::any_bits, random);
      for (const KernelTable* table : tables_here())
        expect_same_bits(products.fast(scalar_kernels()), products.fast(*table), describe(*table, type, c));
    }
}

// Every tail of the tiles of tokens, and every side of the border between few tokens and many.
TEST(Linear, EveryNumberOfTokensUpToFortyGivesTheBitsOfTheScalarTable) {
  Random random(11);
  for (const DType type : kQuantised)
    for (int64_t n_tokens = 1; n_tokens <= 40; ++n_tokens) {
      const Case c{33, 512, n_tokens, false, true};
      const Products products(type, c, Fill::any_bits, random);
      const std::vector<float> expected = products.fast(scalar_kernels());
      for (const KernelTable* table : tables_here())
        expect_same_bits(expected, products.fast(*table), describe(*table, type, c));
    }
}

TEST(Linear, TokensOfACallMayBeginAtAnyTile) {
  Random random(7);
  const Case c{21, 512, 40, false, false};
  for (const DType type : kQuantised) {
    const TestMatrix matrix = test_matrix(type, c.n_rows, c.n_columns, Fill::any_bits, random);
    const std::vector<float> x = random_activations(c.n_tokens * c.n_columns, random);
    for (const KernelChoice& choice : built_kernels()) {
      if (!choice.runs_here) continue;
      const TestTokens tokens = quantised(*choice.table, x, c.n_tokens, c.n_columns);
      std::vector<float> whole(c.n_tokens * c.n_rows), parts(c.n_tokens * c.n_rows);
      choice.table->linear_fast(matrix.packed, 0, 2, tokens.rows, 0, c.n_tokens,
                                {whole.data(), c.n_rows, nullptr, false});
      const int tile = choice.table->tile_tokens;
      for (const auto& [first, count] : {std::pair{0, tile}, std::pair{tile, 40 - tile},
                                         std::pair{2 * tile, 40 - 2 * tile}, std::pair{tile, tile}})
        choice.table->linear_fast(matrix.packed, 0, 2, tokens.rows, first, count,
                                  {parts.data() + first * c.n_rows, c.n_rows, nullptr, false});
      expect_same_bits(whole, parts, describe(*choice.table, type, c));
    }
  }
}

// Bytes that end where memory does: one byte further is a fault of the CPU, whatever the instruction.
class FencedBytes {
 public:
  explicit FencedBytes(size_t size) : mapped_((size + 4095) / 4096 * 4096 + 4096), size_(size) {
    void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(memory, MAP_FAILED);
    memory_ = static_cast<std::byte*>(memory);
    EXPECT_EQ(mprotect(memory_ + mapped_ - 4096, 4096, PROT_NONE), 0);
  }
  FencedBytes(const FencedBytes&) = delete;
  FencedBytes& operator=(const FencedBytes&) = delete;
  ~FencedBytes() { munmap(memory_, mapped_); }
  std::byte* data() const { return memory_ + mapped_ - 4096 - size_; }
  float* floats() const { return reinterpret_cast<float*>(data()); }

 private:
  size_t mapped_, size_;
  std::byte* memory_ = nullptr;
};

void run_between_fences(const KernelTable& table, DType type, const Case& c) {
  PackedMatrix packed = packed_shape(type, c.n_rows, c.n_columns);
  const FencedBytes panels(packed.n_panels() * packed.panel_bytes), x(c.n_tokens * c.n_columns * 4);
  const FencedBytes bias(c.n_rows * 4), y(((c.n_tokens - 1) * (c.n_rows + 3) + c.n_rows) * 4);
  packed.panels = panels.data();
  const KernelTable::LinearOutput out{y.floats(), c.n_rows + 3, bias.floats(), true};
  table.linear_exact(packed, 0, packed.n_panels(), x.floats(), c.n_columns, c.n_tokens, out);
  if (layout_of(type)->block_elements == 1) return;
  const FencedBytes memory(QuantizedRows::size_bytes(c.n_tokens, c.n_columns));
  const QuantizedRows rows = QuantizedRows::in(memory.data(), c.n_tokens, c.n_columns, table.tile_tokens);
  for (int64_t t = 0; t < c.n_tokens; ++t)
    table.quantize_row(x.floats() + t * c.n_columns, c.n_columns, rows.row(t));
  table.linear_fast(packed, 0, packed.n_panels(), rows, 0, c.n_tokens, out);
}

TEST(Linear, TouchesNothingBeyondWhatItIsGiven) {
  Random random(8);
  for (const auto types : {std::span<const DType>(kQuantised), std::span<const DType>(kElements)})
    for (const DType type : types)
      for (int i = 0; i < 27; ++i) {
        const Case c = random_case(i, tensor::info(type).block_elements, random);
        for (const KernelTable* table : tables_here()) run_between_fences(*table, type, c);
      }
}

// A chain of n roundings errs by at most n units of 2^-24 of the sum of magnitudes (to first order), products
// with a scale by one more each.
TEST(Linear, ScalarExactIsTheProductOfTheDequantisedWeights) {
  Random random(4);
  for (const auto types : {std::span<const DType>(kQuantised), std::span<const DType>(kElements)})
    for (const DType type : types) {
      const Case c{37, 512, 5, false, false};
      const Products products(type, c, Fill::any_bits, random);
      const std::vector<float> y = products.exact(scalar_kernels());
      std::vector<float> w(c.n_columns);
      for (int64_t r = 0; r < c.n_rows; ++r) {
        tensor::dequantize_row(type, products.matrix().file.data() + r * tensor::row_bytes(type, c.n_columns),
                               c.n_columns, w.data());
        for (int64_t t = 0; t < c.n_tokens; ++t) {
          double sum = 0, magnitude = 0;
          for (int64_t k = 0; k < c.n_columns; ++k) {
            const double product = double{w[k]} * products.x()[t * c.n_columns + k];
            sum += product;
            magnitude += std::fabs(product);
          }
          ASSERT_NEAR(y[t * (c.n_rows + 3) + r], sum, magnitude * (c.n_columns + 2) * 0x1p-24)
              << tensor::name(type) << " row " << r << " token " << t;
        }
      }
    }
}

TEST(Linear, ScalarFastIsTheProductOfDequantisedWeightsAndDequantisedActivations) {
  Random random(5);
  for (const DType type : kQuantised) {
    const Case c{37, 512, 14, false, false};
    const Products products(type, c, Fill::any_bits, random);
    const std::vector<float> y = products.fast(scalar_kernels());
    const TestTokens tokens = quantised(scalar_kernels(), products.x(), c.n_tokens, c.n_columns);
    std::vector<float> w(c.n_columns);
    for (int64_t r = 0; r < c.n_rows; ++r) {
      dequantize_packed_row(products.matrix().packed, r, w.data());
      for (int64_t t = 0; t < c.n_tokens; ++t) {
        const QuantizedRow row = tokens.rows.row(t);
        double sum = 0, magnitude = 0;
        for (int64_t g = 0; g < c.n_columns / kGroup; ++g) {
          const UnpackedGroup unpacked = unpack_group(products.matrix().packed, r, g);
          const double scale = row.scale[g * row.stride];
          double group_magnitude = 0;
          for (int j = 0; j < kGroup; ++j) {
            const double x = scale * row.q[g * row.stride * kGroup + j];
            sum += w[g * kGroup + j] * x;
            group_magnitude +=
                std::fabs(double{unpacked.scale} * unpacked.sub_scale[j / 16] * unpacked.q[j] * x);
            if (unpacked.has_minimum) group_magnitude += std::fabs(double{unpacked.minimum} * x);
          }
          magnitude += group_magnitude;
        }
        // Two roundings and an fma for each group, twice for types with a minimum; the dequantised weight has
        // one.
        ASSERT_NEAR(y[t * (c.n_rows + 3) + r], sum, magnitude * (2 * c.n_columns / kGroup + 4) * 0x1p-23)
            << tensor::name(type) << " row " << r << " token " << t;
      }
    }
  }
}

TEST(QuantizeRow, EveryTableGivesTheScalarOnesBytes) {
  Random random(6);
  for (const int64_t n_tokens : {1, 5, 12, 14, 25}) {
    const int64_t n_columns = 32 * (1 + random() % 9);
    std::vector<float> x = random_activations(n_tokens * n_columns, random);
    x[random() % x.size()] = std::numeric_limits<float>::infinity();
    x[random() % x.size()] = std::numeric_limits<float>::quiet_NaN();
    x[random() % x.size()] = std::numeric_limits<float>::max();
    x[random() % x.size()] = std::numeric_limits<float>::denorm_min();
    const TestTokens expected = quantised(scalar_kernels(), x, n_tokens, n_columns);
    for (const KernelTable* table : tables_here()) {
      const TestTokens actual = quantised(*table, x, n_tokens, n_columns);
      for (int64_t t = 0; t < n_tokens; ++t) {
        const QuantizedRow e = expected.rows.row(t), a = actual.rows.row(t);
        for (int64_t g = 0; g < n_columns / kGroup; ++g) {
          const int64_t at = g * e.stride, to = g * a.stride;
          for (int j = 0; j < kGroup; ++j)
            ASSERT_EQ(e.q[at * kGroup + j], a.q[to * kGroup + j]) << table->name;
          ASSERT_EQ(e.offset_sum[at], a.offset_sum[to]) << table->name;
          ASSERT_EQ(e.offset_sum16[2 * at], a.offset_sum16[2 * to]) << table->name;
          ASSERT_EQ(e.offset_sum16[2 * at + 1], a.offset_sum16[2 * to + 1]) << table->name;
          expect_same_bits({e.scale[at], e.scaled_sum[at]}, {a.scale[to], a.scaled_sum[to]}, table->name);
        }
      }
    }
  }
}

TEST(QuantizeRow, KeepsValuesWithinHalfAStepAndMarksWhatIsNotFinite) {
  std::vector<float> x(96);
  for (int j = 0; j < 32; ++j) x[j] = static_cast<float>(j * j) - 400.0f;
  x[40] = std::numeric_limits<float>::infinity();
  x[70] = 1e-40f;  // its group has no finite inverse
  const TestTokens tokens = quantised(scalar_kernels(), x, 1, 96);
  const QuantizedRow row = tokens.rows.row(0);
  for (int j = 0; j < 32; ++j) EXPECT_NEAR(row.scale[0] * row.q[j], x[j], row.scale[0] * 0.5001f);
  EXPECT_TRUE(std::isnan(row.scale[1]));
  EXPECT_TRUE(std::isnan(row.scaled_sum[1]));
  EXPECT_EQ(row.scale[2], 0.0f);
  for (int j = 32; j < 96; ++j) EXPECT_EQ(row.q[j], 0);
}

}  // namespace
}  // namespace compute::cpu
