#pragma once
// Small helpers for text that the standard library lacks.
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

// Joins its arguments' text: strings, string_views, characters and numbers.  cat("needs ", 3, " of ", name)
template <class... Parts>
std::string cat(const Parts&... parts);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);  // blanks, tabs, CR, LF
std::string to_lower_ascii(std::string_view text);

// The whole text as a number, or nothing.
std::optional<int64_t> parse_int(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// 9781231616 as "9.1 GiB"; 512 as "512 B".
std::string format_bytes(uint64_t n_bytes);
// "16 GiB", "512M", "1.5g", "4096" to bytes (powers of 1024).
std::optional<uint64_t> parse_bytes(std::string_view text);
// "90" (seconds), "1.5h", "1h30m", "250ms", "-1" to milliseconds, as Go's programs write them; 24 days at
// most.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// ---- implementation
namespace internal {
inline void append(std::string& out, std::string_view text) {
  out += text;
}
inline void append(std::string& out, char c) {
  out += c;
}
// A template, or every pointer (so every literal) would become a bool.
template <std::same_as<bool> Bool>
void append(std::string& out, Bool value) {
  out += value ? "true" : "false";
}
template <class Number>
  requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>)
void append(std::string& out, Number value) {
  char digits[64];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}
}  // namespace internal

template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (internal::append(out, parts), ...);
  return out;
}

}  // namespace base
