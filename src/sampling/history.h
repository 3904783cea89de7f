#pragma once
// The tokens that a choice may look back at.
#include <cstdint>
#include <span>

namespace sampling {

struct History {
  std::span<const int32_t> tokens;  // prompt, then answer so far
  int64_t n_prompt = 0;

  int64_t n_generated() const { return static_cast<int64_t>(tokens.size()) - n_prompt; }
  std::span<const int32_t> answer() const { return tokens.subspan(static_cast<size_t>(n_prompt)); }
  // The last n of all; all if n is negative.
  std::span<const int32_t> last(int64_t n) const {
    const auto size = static_cast<int64_t>(tokens.size());
    return n < 0 || n >= size ? tokens : tokens.last(static_cast<size_t>(n));
  }
};

}  // namespace sampling
