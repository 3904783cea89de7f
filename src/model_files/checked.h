#pragma once
// Arithmetic on sizes that files state: the result, or nothing if it does not fit.
#include <cstdint>
#include <optional>

namespace model_files {

inline std::optional<uint64_t> checked_multiply(uint64_t a, uint64_t b) {
  uint64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

// `n` rounded up to a multiple of `alignment`, a power of two.
inline std::optional<uint64_t> checked_align(uint64_t n, uint64_t alignment) {
  const auto raised = checked_add(n, alignment - 1);
  if (!raised) return std::nullopt;
  return *raised & ~(alignment - 1);
}

}  // namespace model_files
