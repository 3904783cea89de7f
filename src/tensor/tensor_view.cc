#include "tensor/tensor_view.h"

namespace tensor {

int64_t element_count(const Shape& shape) {
  int64_t n = 1;
  for (int64_t dimension : shape) n *= dimension;
  return n;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace tensor
