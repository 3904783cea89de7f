#pragma once
// Element and block types of tensors.
#include <cstdint>
#include <optional>
#include <string_view>

namespace tensor {

// Every type that a container can name; which of them a model may use is decided in compute/.
enum class DType : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  BOOL,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q8_1,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  Q8_K,
  IQ1_S,
  IQ1_M,
  IQ2_XXS,
  IQ2_XS,
  IQ2_S,
  IQ3_XXS,
  IQ3_S,
  IQ4_NL,
  IQ4_XS,
  TQ1_0,
  TQ2_0,
  MXFP4,
  NVFP4,
  Q1_0,
  Q2_0,
  F8_E4M3,
  F8_E5M2,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  F4,
  F6_E2M3,
  F6_E3M2,
  C64,
};
inline constexpr int kDTypeCount = static_cast<int>(DType::C64) + 1;

// Sizes of a type: `block_elements` consecutive elements of a row take `block_bytes` bytes.
struct DTypeInfo {
  DType type;
  std::string_view name;  // as the formats write it: "Q4_K", "BF16"
  int block_elements;     // F4: 2 elements in one byte; F6: 4 in three
  int block_bytes;
};
const DTypeInfo& info(DType type);
inline std::string_view name(DType type) {
  return info(type).name;
}

// Bytes of a row of `n` elements. REQUIRES: n is a multiple of block_elements and the result fits.
uint64_t row_bytes(DType type, uint64_t n);

std::optional<DType> dtype_of_ggml(uint32_t ggml_type);
std::optional<DType> dtype_of_safetensors(std::string_view name);

// The way back, for writers: nothing if that format has no such type.
std::optional<uint32_t> ggml_id(DType type);
bool has_safetensors_name(DType type);

// By the name that info() gives, in any case: "q4_k", "BF16".
std::optional<DType> dtype_of_name(std::string_view name);

}  // namespace tensor
