#pragma once
// Lays a call's arguments out by parameter, as Python does.
#include <array>
#include <string_view>

#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

// Fills `values` in the order of `names`; what was not given stays absent. Fails for too many arguments,
// unknown or repeated names, and when one of the first `n_required` is missing. Parameters in front of
// `n_positional_only` take no names.
base::Status lay_out(std::string_view function, const Arguments& arguments,
                     std::span<const std::string_view> names, size_t n_required, size_t n_positional_only,
                     std::span<Value> values);

template <size_t N>
base::Result<std::array<Value, N>> lay_out(std::string_view function, const Arguments& arguments,
                                           const std::string_view (&names)[N], size_t n_required = 0) {
  std::array<Value, N> values;
  TRY(lay_out(function, arguments, names, n_required, 0, values));
  return values;
}

// For Python's own methods, most of which take no names at all.
template <size_t N>
base::Result<std::array<Value, N>> lay_out_positional(std::string_view function, const Arguments& arguments,
                                                      const std::string_view (&names)[N],
                                                      size_t n_required = 0) {
  std::array<Value, N> values;
  TRY(lay_out(function, arguments, names, n_required, N, values));
  return values;
}

base::Status no_arguments(std::string_view function, const Arguments& arguments);

// The argument as an integer, a text, a truth; the default if it was not given.
base::Result<int64_t> integer_or(std::string_view function, const Value& value, int64_t otherwise);
base::Result<const Text*> text_or(std::string_view function, const Value& value, const Text* otherwise);
inline bool truth_or(const Value& value, bool otherwise) {
  return value.is_given() ? is_true(value) : otherwise;
}

}  // namespace chat
