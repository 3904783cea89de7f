#include "model_files/tensor_table.h"

#include <algorithm>
#include <numeric>

#include "base/strings.h"
#include "base/utf8.h"

namespace model_files {

base::Result<TensorTable> TensorTable::make(std::vector<NamedTensor> tensors) {
  TensorTable table;
  table.tensors_ = std::move(tensors);
  table.by_name_.resize(table.tensors_.size());
  std::iota(table.by_name_.begin(), table.by_name_.end(), 0u);
  auto name_of = [&](uint32_t i) -> const std::string& { return table.tensors_[i].name; };
  std::ranges::sort(table.by_name_, {}, name_of);
  const auto twice = std::ranges::adjacent_find(table.by_name_, {}, name_of);
  if (twice != table.by_name_.end())
    return base::fail(base::Code::corrupt,
                      base::cat("two tensors are named '", base::printable(name_of(*twice)), "'"));
  return table;
}

const tensor::TensorView* TensorTable::find(std::string_view name) const {
  auto name_of = [&](uint32_t i) { return std::string_view(tensors_[i].name); };
  const auto found = std::ranges::lower_bound(by_name_, name, {}, name_of);
  if (found == by_name_.end() || name_of(*found) != name) return nullptr;
  return &tensors_[*found].view;
}

}  // namespace model_files
