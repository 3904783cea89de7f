#include "base/strings.h"

#include <cmath>

namespace base {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// from_chars over the whole text; a leading '+' is not taken.
template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// The power of 1024 that a unit means: "", "B" 0; "k", "kB", "KiB" 1; "M" 2; ...
std::optional<int> unit_power(std::string_view unit) {
  const std::string lower = to_lower_ascii(unit);
  if (lower.empty() || lower == "b") return 0;
  constexpr std::string_view kPrefixes = "kmgtp";
  const size_t at = kPrefixes.find(lower[0]);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = std::string_view(lower).substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib") return std::nullopt;
  return static_cast<int>(at) + 1;
}

std::optional<double> duration_unit_ms(std::string_view unit) {
  if (unit.empty() || unit == "s") return 1e3;
  if (unit == "ms") return 1;
  if (unit == "us") return 1e-3;
  if (unit == "ns") return 1e-6;
  if (unit == "m") return 60e3;
  if (unit == "h") return 3600e3;
  if (unit == "d") return 86400e3;
  return std::nullopt;
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string to_lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::optional<int64_t> parse_int(std::string_view text) {
  return parse_whole<int64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
  const auto value = parse_whole<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::string format_bytes(uint64_t n_bytes) {
  if (n_bytes < 1024) return cat(n_bytes, " B");
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(n_bytes) / 1024;
  int unit = 0;
  // 1023.95 would be shown as "1024.0".
  while (value >= 1023.95 && unit < 5) {
    value /= 1024;
    ++unit;
  }
  char digits[32];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 1);
  return cat(std::string_view(digits, end), " ", kUnits[unit]);
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  text = trim(text);
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, digits);
  const auto power = unit_power(trim(text.substr(digits)));
  if (!power || number.empty()) return std::nullopt;
  if (number.find('.') == std::string_view::npos) {
    const auto whole = parse_whole<uint64_t>(number);
    if (!whole || *whole > (UINT64_MAX >> (10 * *power))) return std::nullopt;
    return *whole << (10 * *power);
  }
  const auto value = parse_double(number);
  if (!value) return std::nullopt;
  const double n_bytes = std::ldexp(*value, 10 * *power);
  if (n_bytes >= 0x1p64) return std::nullopt;
  return static_cast<uint64_t>(n_bytes);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr double kMostMs = 0x1p31;
  text = trim(text);
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double ms = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_double(text.substr(0, digits));
    if (digits == 0 || !number) return std::nullopt;
    text.remove_prefix(digits);
    const size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const auto unit_ms = duration_unit_ms(text.substr(0, letters));
    if (!unit_ms) return std::nullopt;
    text.remove_prefix(letters);
    ms += *number * *unit_ms;
  }
  if (!(ms <= kMostMs)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<int64_t>(is_negative ? -ms : ms));
}

}  // namespace base
