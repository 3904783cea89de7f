#pragma once
// A borrowed tensor: type, shape and bytes, row-major with the last dimension contiguous.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tensor/dtype.h"

namespace tensor {

// Outermost dimension first, as in safetensors and PyTorch: a weight matrix is [out, in]. (GGUF lists the
// reverse.)
using Shape = std::vector<int64_t>;

int64_t element_count(const Shape& shape);
std::string to_string(const Shape& shape);  // "[576, 1536]"

struct TensorView {
  DType dtype = DType::F32;
  Shape shape;
  base::Bytes bytes;  // any alignment

  int64_t n_columns() const { return shape.empty() ? 1 : shape.back(); }
  int64_t n_rows() const { return element_count(shape) / (n_columns() == 0 ? 1 : n_columns()); }
};

}  // namespace tensor
