#pragma once
// The tensors of a model by name and in file order.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model_files/named_tensor.h"

namespace model_files {

class TensorTable {
 public:
  // Fails with Code::corrupt if two tensors have the same name.
  static base::Result<TensorTable> make(std::vector<NamedTensor> tensors);

  TensorTable() = default;
  std::span<const NamedTensor> tensors() const { return tensors_; }
  const tensor::TensorView* find(std::string_view name) const;

 private:
  std::vector<NamedTensor> tensors_;
  // Indices into tensors_ in the order of the names. Sorted, not hashed: no choice of names makes it slow.
  std::vector<uint32_t> by_name_;
};

}  // namespace model_files
