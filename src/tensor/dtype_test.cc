#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include "tensor/tensor_view.h"

namespace tensor {
namespace {

TEST(DType, GgmlIdsNameTheSizesOfTheFormat) {
  EXPECT_EQ(dtype_of_ggml(0), DType::F32);
  EXPECT_EQ(dtype_of_ggml(12), DType::Q4_K);
  EXPECT_EQ(dtype_of_ggml(30), DType::BF16);
  EXPECT_EQ(dtype_of_ggml(42), DType::Q2_0);
  EXPECT_EQ(info(DType::Q6_K).block_elements, 256);
  EXPECT_EQ(info(DType::Q6_K).block_bytes, 210);
}

TEST(DType, RemovedAndUnknownGgmlIdsAreNothing) {
  for (uint32_t id : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u, 43u, 200u, 4294967295u})
    EXPECT_EQ(dtype_of_ggml(id), std::nullopt) << id;
}

TEST(DType, GgmlIdsGoBothWays) {
  int n_ids = 0;
  for (uint32_t id = 0; id < 64; ++id) {
    const auto type = dtype_of_ggml(id);
    if (!type) continue;
    ++n_ids;
    EXPECT_EQ(ggml_id(*type), id);
  }
  EXPECT_EQ(n_ids, 35);
}

TEST(DType, SafetensorsNamesAreExact) {
  EXPECT_EQ(dtype_of_safetensors("BF16"), DType::BF16);
  EXPECT_EQ(dtype_of_safetensors("F8_E4M3"), DType::F8_E4M3);
  EXPECT_EQ(dtype_of_safetensors("f32"), std::nullopt);
  EXPECT_EQ(dtype_of_safetensors("Q4_0"), std::nullopt);
  EXPECT_EQ(dtype_of_safetensors(""), std::nullopt);
}

TEST(DType, NamesAreFoundInAnyCase) {
  EXPECT_EQ(dtype_of_name("q4_k"), DType::Q4_K);
  EXPECT_EQ(dtype_of_name("bf16"), DType::BF16);
  EXPECT_EQ(dtype_of_name("q9"), std::nullopt);
}

TEST(DType, RowBytesCountsBlocks) {
  EXPECT_EQ(row_bytes(DType::Q4_0, 64), 36u);
  EXPECT_EQ(row_bytes(DType::F32, 3), 12u);
  EXPECT_EQ(row_bytes(DType::F6_E2M3, 8), 6u);
  EXPECT_EQ(row_bytes(DType::Q8_0, uint64_t{1} << 40), (uint64_t{1} << 35) * 34);
}

TEST(TensorView, CountsRowsOfAnyRank) {
  EXPECT_EQ((TensorView{DType::F32, {4, 3, 8}, {}}.n_rows()), 12);
  EXPECT_EQ((TensorView{DType::F32, {8}, {}}.n_rows()), 1);
  EXPECT_EQ((TensorView{DType::F32, {}, {}}.n_columns()), 1);
  EXPECT_EQ((TensorView{DType::F32, {0, 0}, {}}.n_rows()), 0);
  EXPECT_EQ(to_string(Shape{576, 1536}), "[576, 1536]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

}  // namespace
}  // namespace tensor
