#pragma once
#include <string>

#include "tensor/tensor_view.h"

namespace model_files {

struct NamedTensor {
  std::string name;
  tensor::TensorView view;
};

}  // namespace model_files
