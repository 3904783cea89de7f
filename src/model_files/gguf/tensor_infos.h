#pragma once
// The tensor table of a GGUF file.
//
//   name (string) | n_dims (u32) | dims (u64 each, the contiguous one first) | type (u32) | offset (u64)
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model_files/gguf/cursor.h"
#include "tensor/tensor_view.h"

namespace model_files::gguf {

struct TensorInfo {
  std::string_view name;  // borrowed from the file
  tensor::DType dtype;
  tensor::Shape shape;  // outermost first
  uint64_t offset;      // from the start of the data
  uint64_t size_bytes;
};

// Reads `count` entries. Each must start exactly where the one before it, padded to `alignment`, ended.
// A type that ggml knows is taken even if this program cannot compute with it; another is Code::unsupported.
base::Result<std::vector<TensorInfo>> parse_tensor_infos(Cursor& cursor, uint64_t count, uint64_t alignment);

}  // namespace model_files::gguf
