#pragma once
// Where in a forward pass the first value appeared that is not finite.
#include <span>
#include <string>
#include <string_view>

#include "compute/backend.h"

namespace models {

class NonFiniteSearch {
 public:
  static bool all_finite(std::span<const float> values);

  // `made` is what the operation with `tensor` (empty: attention, which has none) has just written. The
  // caller looks in the order of the operations; all but the first find are ignored.
  void look(std::string_view place, std::string_view tensor, compute::Rows made);

  // "layer 3, tensor 'blk.3.ffn_down.weight'"; empty: everything was finite.
  const std::string& found() const { return found_; }

 private:
  std::string found_;
};

}  // namespace models
