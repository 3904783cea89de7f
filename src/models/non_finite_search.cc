#include "models/non_finite_search.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "base/utf8.h"

namespace models {

bool NonFiniteSearch::all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

void NonFiniteSearch::look(std::string_view place, std::string_view tensor, compute::Rows made) {
  if (!found_.empty()) return;
  if (all_finite({made.data, static_cast<size_t>(made.n_rows * made.n_columns)})) return;
  found_ = tensor.empty() ? base::cat(place, ", attention over the stored keys and values")
                          : base::cat(place, ", tensor '", base::printable(tensor), "'");
}

}  // namespace models
