#include "compute/cpu/packed_matrix.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "compute/cpu/packed_layouts.h"
#include "compute/cpu/panel_memory.h"
#include "tensor/dequantize.h"

namespace compute::cpu {
namespace {

using tensor::DType;

std::vector<DType> all_types() {
  std::vector<DType> types;
  for (const PackedLayout& layout : kLayouts) types.push_back(layout.type);
  return types;
}
const std::vector<DType> kTypes = all_types();

std::vector<std::byte> random_bytes(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(n);
  for (std::byte& b : bytes) b = std::byte(random());
  return bytes;
}

// Row `i` of the packed matrix has the bits of row `source_row` of the file; NaNs only have to stay NaNs.
void expect_row(const PackedMatrix& packed, int64_t i, const tensor::TensorView& source, int64_t source_row) {
  const int64_t n = packed.n_columns;
  std::vector<float> expected(n), actual(n);
  tensor::dequantize_row(source.dtype, source.bytes.data() + source_row * tensor::row_bytes(source.dtype, n),
                         n, expected.data());
  dequantize_packed_row(packed, i, actual.data());
  for (int64_t k = 0; k < n; ++k) {
    if (std::isnan(expected[k]) && std::isnan(actual[k])) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(expected[k]), std::bit_cast<uint32_t>(actual[k]))
        << tensor::name(source.dtype) << " row " << i << " column " << k << ": " << actual[k]
        << " instead of " << expected[k];
  }
}

TEST(PackedMatrix, GivesBackTheBitsOfEveryRow) {
  for (const DType type : kTypes)
    for (const int64_t n_rows : {1, 16, 35}) {
      const int block = tensor::info(type).block_elements;
      for (const int64_t n_columns : {block, 3 * block, 6 * block}) {
        const std::vector<std::byte> file =
            random_bytes(n_rows * tensor::row_bytes(type, n_columns), n_columns);
        const tensor::TensorView source{type, {n_rows, n_columns}, file};
        PackedMatrix packed = packed_shape(type, n_rows, n_columns);
        const PanelMemory memory = PanelMemory::allocate(packed.n_panels() * packed.panel_bytes).value();
        packed.panels = memory.data();
        pack_panels(source, {}, 0, packed.n_panels(), memory.data());
        for (int64_t i = 0; i < n_rows; ++i) expect_row(packed, i, source, i);
      }
    }
}

TEST(PackedMatrix, TakesRowsInTheOrderAsked) {
  const std::vector<int32_t> order = {4, 4, 0, 17, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5};
  for (const DType type : kTypes) {
    const int64_t n_columns = 512;
    const std::vector<std::byte> file = random_bytes(18 * tensor::row_bytes(type, n_columns), 7);
    const tensor::TensorView source{type, {18, n_columns}, file};
    PackedMatrix packed = packed_shape(type, order.size(), n_columns);
    const PanelMemory memory = PanelMemory::allocate(packed.n_panels() * packed.panel_bytes).value();
    packed.panels = memory.data();
    pack_panels(source, order, 1, 2, memory.data());  // panels may be made in any order
    pack_panels(source, order, 0, 1, memory.data());
    for (size_t i = 0; i < order.size(); ++i) expect_row(packed, i, source, order[i]);
  }
}

TEST(PackedMatrix, IsAsLargeAsTheFile) {
  for (const DType type : kTypes) {
    const PackedMatrix packed = packed_shape(type, 64, 2048);
    EXPECT_EQ(packed.n_panels() * packed.panel_bytes,
              static_cast<int64_t>(64 * tensor::row_bytes(type, 2048)))
        << tensor::name(type);
  }
}

TEST(PackedMatrix, KnowsWhichTypesItTakes) {
  for (const DType type : kTypes) EXPECT_TRUE(can_pack(type));
  EXPECT_FALSE(can_pack(DType::Q2_K));
  EXPECT_FALSE(can_pack(DType::I8));
}

}  // namespace
}  // namespace compute::cpu
