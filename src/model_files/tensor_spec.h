#pragma once
// What a writer must know of a tensor before its bytes come.
#include <cstdint>
#include <string>

#include "tensor/tensor_view.h"

namespace model_files {

struct TensorSpec {
  std::string name;
  tensor::DType dtype = tensor::DType::F32;
  tensor::Shape shape;  // outermost first
};

// REQUIRES: the last dimension is a multiple of the type's block.
inline uint64_t stored_bytes(const TensorSpec& spec) {
  const int64_t columns = spec.shape.empty() ? 1 : spec.shape.back();
  if (columns == 0) return 0;
  const int64_t rows = tensor::element_count(spec.shape) / columns;
  return static_cast<uint64_t>(rows) * tensor::row_bytes(spec.dtype, static_cast<uint64_t>(columns));
}

}  // namespace model_files
