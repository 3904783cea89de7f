#include "tensor/dtype.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace tensor {
namespace {

constexpr int kNotInGgml = -1;

struct Row {
  DTypeInfo info;
  int ggml_id;
  bool in_safetensors;
};

// One row per type, in the order of the enumeration. A new type is a row here, a layout in block_layouts.h
// and a line in dequantize.cc.
constexpr std::array<Row, kDTypeCount> kTypes = {{
    {{DType::F64, "F64", 1, 8}, 28, true},
    {{DType::F32, "F32", 1, 4}, 0, true},
    {{DType::F16, "F16", 1, 2}, 1, true},
    {{DType::BF16, "BF16", 1, 2}, 30, true},
    {{DType::I64, "I64", 1, 8}, 27, true},
    {{DType::I32, "I32", 1, 4}, 26, true},
    {{DType::I16, "I16", 1, 2}, 25, true},
    {{DType::I8, "I8", 1, 1}, 24, true},
    {{DType::U64, "U64", 1, 8}, kNotInGgml, true},
    {{DType::U32, "U32", 1, 4}, kNotInGgml, true},
    {{DType::U16, "U16", 1, 2}, kNotInGgml, true},
    {{DType::U8, "U8", 1, 1}, kNotInGgml, true},
    {{DType::BOOL, "BOOL", 1, 1}, kNotInGgml, true},
    {{DType::Q4_0, "Q4_0", 32, 18}, 2, false},
    {{DType::Q4_1, "Q4_1", 32, 20}, 3, false},
    {{DType::Q5_0, "Q5_0", 32, 22}, 6, false},
    {{DType::Q5_1, "Q5_1", 32, 24}, 7, false},
    {{DType::Q8_0, "Q8_0", 32, 34}, 8, false},
    {{DType::Q8_1, "Q8_1", 32, 36}, 9, false},
    {{DType::Q2_K, "Q2_K", 256, 84}, 10, false},
    {{DType::Q3_K, "Q3_K", 256, 110}, 11, false},
    {{DType::Q4_K, "Q4_K", 256, 144}, 12, false},
    {{DType::Q5_K, "Q5_K", 256, 176}, 13, false},
    {{DType::Q6_K, "Q6_K", 256, 210}, 14, false},
    {{DType::Q8_K, "Q8_K", 256, 292}, 15, false},
    {{DType::IQ1_S, "IQ1_S", 256, 50}, 19, false},
    {{DType::IQ1_M, "IQ1_M", 256, 56}, 29, false},
    {{DType::IQ2_XXS, "IQ2_XXS", 256, 66}, 16, false},
    {{DType::IQ2_XS, "IQ2_XS", 256, 74}, 17, false},
    {{DType::IQ2_S, "IQ2_S", 256, 82}, 22, false},
    {{DType::IQ3_XXS, "IQ3_XXS", 256, 98}, 18, false},
    {{DType::IQ3_S, "IQ3_S", 256, 110}, 21, false},
    {{DType::IQ4_NL, "IQ4_NL", 32, 18}, 20, false},
    {{DType::IQ4_XS, "IQ4_XS", 256, 136}, 23, false},
    {{DType::TQ1_0, "TQ1_0", 256, 54}, 34, false},
    {{DType::TQ2_0, "TQ2_0", 256, 66}, 35, false},
    {{DType::MXFP4, "MXFP4", 32, 17}, 39, false},
    {{DType::NVFP4, "NVFP4", 64, 36}, 40, false},
    {{DType::Q1_0, "Q1_0", 128, 18}, 41, false},
    {{DType::Q2_0, "Q2_0", 64, 18}, 42, false},
    {{DType::F8_E4M3, "F8_E4M3", 1, 1}, kNotInGgml, true},
    {{DType::F8_E5M2, "F8_E5M2", 1, 1}, kNotInGgml, true},
    {{DType::F8_E8M0, "F8_E8M0", 1, 1}, kNotInGgml, true},
    {{DType::F8_E4M3FNUZ, "F8_E4M3FNUZ", 1, 1}, kNotInGgml, true},
    {{DType::F8_E5M2FNUZ, "F8_E5M2FNUZ", 1, 1}, kNotInGgml, true},
    {{DType::F4, "F4", 2, 1}, kNotInGgml, true},
    {{DType::F6_E2M3, "F6_E2M3", 4, 3}, kNotInGgml, true},
    {{DType::F6_E3M2, "F6_E3M2", 4, 3}, kNotInGgml, true},
    {{DType::C64, "C64", 1, 8}, kNotInGgml, true},
}};

constexpr bool in_order() {
  for (int i = 0; i < kDTypeCount; ++i)
    if (static_cast<int>(kTypes[i].info.type) != i) return false;
  return true;
}
static_assert(in_order());

const Row& row(DType type) {
  return kTypes[static_cast<int>(type)];
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

template <class Predicate>
std::optional<DType> first_type(Predicate matches) {
  const auto found = std::ranges::find_if(kTypes, matches);
  if (found == kTypes.end()) return std::nullopt;
  return found->info.type;
}

}  // namespace

const DTypeInfo& info(DType type) {
  return row(type).info;
}

uint64_t row_bytes(DType type, uint64_t n) {
  const DTypeInfo& t = info(type);
  DCHECK(n % t.block_elements == 0);
  return n / t.block_elements * t.block_bytes;
}

std::optional<DType> dtype_of_ggml(uint32_t ggml_type) {
  return first_type(
      [&](const Row& r) { return r.ggml_id >= 0 && static_cast<uint32_t>(r.ggml_id) == ggml_type; });
}

std::optional<DType> dtype_of_safetensors(std::string_view name) {
  return first_type([&](const Row& r) { return r.in_safetensors && r.info.name == name; });
}

std::optional<uint32_t> ggml_id(DType type) {
  if (row(type).ggml_id == kNotInGgml) return std::nullopt;
  return static_cast<uint32_t>(row(type).ggml_id);
}

bool has_safetensors_name(DType type) {
  return row(type).in_safetensors;
}

std::optional<DType> dtype_of_name(std::string_view name) {
  return first_type([&](const Row& r) { return equal_ignoring_case(r.info.name, name); });
}

}  // namespace tensor
