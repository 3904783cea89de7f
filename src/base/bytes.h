#pragma once
// A borrowed run of bytes, and the unaligned little-endian loads that every file format needs.
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace base {

static_assert(std::endian::native == std::endian::little, "domicile reads and writes little-endian only");

using Bytes = std::span<const std::byte>;

// REQUIRES: at least sizeof(T) bytes at `from`, at any alignment.
template <class T>
  requires std::is_trivially_copyable_v<T>
T load_le(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace base
