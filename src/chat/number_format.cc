#include "chat/number_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace chat {

namespace {

std::string written(double number, std::chars_format form, int precision) {
  std::vector<char> digits(static_cast<size_t>(precision) + 350);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, form, precision);
  return std::string(digits.data(), end.ptr);
}

// The decimal exponent that `number` has when written with `precision` digits.
int exponent_of(double number, int precision) {
  const std::string text = written(number, std::chars_format::scientific, precision - 1);
  return std::atoi(text.c_str() + text.find('e') + 1);
}

void drop_trailing_zeros(std::string& digits) {
  const size_t e = digits.find('e');
  const std::string exponent = e == std::string::npos ? "" : digits.substr(e);
  std::string mantissa = digits.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.ends_with('.')) mantissa.pop_back();
  }
  digits = mantissa + exponent;
}

}  // namespace

std::string float_digits(double number, char form, int precision, bool alternate) {
  number = std::fabs(number);
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return "inf";
  if (form == 'f')
    return written(number, std::chars_format::fixed, precision) + (alternate && precision == 0 ? "." : "");
  if (form == 'e') return written(number, std::chars_format::scientific, precision);
  precision = std::max(precision, 1);
  const int exponent = number == 0 ? 0 : exponent_of(number, precision);
  std::string digits = exponent < -4 || exponent >= precision
                           ? written(number, std::chars_format::scientific, precision - 1)
                           : written(number, std::chars_format::fixed, std::max(precision - 1 - exponent, 0));
  if (!alternate) drop_trailing_zeros(digits);
  return digits;
}

std::string group_digits(const std::string& digits, char separator, size_t every) {
  const size_t whole = std::min(digits.find_first_of(".e"), digits.size());
  std::string result;
  for (size_t i = 0; i < whole; ++i) {
    if (i > 0 && (whole - i) % every == 0) result.push_back(separator);
    result.push_back(digits[i]);
  }
  return result + digits.substr(whole);
}

}  // namespace chat
