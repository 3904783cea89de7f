#pragma once
#include <cstdint>

namespace tensor {

// How the bytes of a stored tensor lie.
enum class Layout : uint8_t {
  rows,    // row after row, each a run of the type's blocks: a TensorView like any other
  backend  // as the backend that packed it keeps a matrix in memory (compute::Backend::layout_name())
};

}  // namespace tensor
