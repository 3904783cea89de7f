#include "chat/numbers.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "chat/unicode.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

base::Status division_by_zero() {
  return fail(Code::unsupported, "division by zero");
}

Result<Value> too_large() {
  return fail(Code::exhausted, "an integer of the template has more than 4300 digits (limit)");
}

// The quotient rounded down and its remainder, as CPython computes them for floats.
struct FloatDivision {
  double quotient, remainder;
};
FloatDivision divide_floats(double a, double b) {
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0) {
    if ((b < 0) != (remainder < 0)) {
      remainder += b;
      quotient -= 1;
    }
  } else {
    remainder = std::copysign(0.0, b);
  }
  if (quotient == 0) return {std::copysign(0.0, a / b), remainder};
  double whole = std::floor(quotient);
  if (quotient - whole > 0.5) whole += 1;
  return {whole, remainder};
}

Result<Value> power_of_floats(double base, double exponent) {
  if (base == 0 && exponent < 0) return std::unexpected(division_by_zero().error());
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) && exponent != std::floor(exponent))
    return fail(Code::unsupported, "a negative number to a fractional power is no real number");
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent))
    return fail(Code::unsupported, "the result of ** is too large for a float");
  return Value::of(result);
}

Result<Value> calculate_floats(Arithmetic operation, double a, double b) {
  switch (operation) {
    case Arithmetic::add:
      return Value::of(a + b);
    case Arithmetic::subtract:
      return Value::of(a - b);
    case Arithmetic::multiply:
      return Value::of(a * b);
    case Arithmetic::power:
      return power_of_floats(a, b);
    default:
      break;
  }
  if (b == 0) return std::unexpected(division_by_zero().error());
  if (operation == Arithmetic::divide) return Value::of(a / b);
  const FloatDivision division = divide_floats(a, b);
  return Value::of(operation == Arithmetic::modulo ? division.remainder : division.quotient);
}

Result<Value> integer_power(Heap& heap, const BigInteger& base, const BigInteger& exponent) {
  if (exponent.is_negative()) return power_of_floats(base.to_double(), exponent.to_double());
  const std::optional<int64_t> small = exponent.to_int64();
  const size_t bits = base.n_bits();
  if (bits > 1 &&
      (!small || static_cast<double>(*small) * static_cast<double>(bits - 1) > BigInteger::kMaxBits))
    return too_large();
  int64_t left =
      small ? *small : (exponent.limbs()[0] & 1) + 2;  // only 0, 1 and -1 come here with a large exponent
  BigInteger result(1), square = base;
  for (; left > 0; left >>= 1) {
    TRY(heap.step(static_cast<int64_t>(square.limbs().size() * square.limbs().size()) + 1));
    if (left & 1) result = result * square;
    if (left > 1) square = square * square;
  }
  return from_big(heap, result);
}

Result<Value> calculate_bigs(Heap& heap, Arithmetic operation, const Value& left, const Value& right) {
  const BigInteger a = to_big(left), b = to_big(right);
  TRY(heap.step(static_cast<int64_t>(a.limbs().size() * (b.limbs().size() + 1))));
  switch (operation) {
    case Arithmetic::add:
      return from_big(heap, a + b);
    case Arithmetic::subtract:
      return from_big(heap, a - b);
    case Arithmetic::multiply:
      return from_big(heap, a * b);
    case Arithmetic::power:
      return integer_power(heap, a, b);
    default:
      break;
  }
  if (b.is_zero()) return std::unexpected(division_by_zero().error());
  if (operation == Arithmetic::divide) return Value::of(a.to_double() / b.to_double());
  TRY(heap.step(static_cast<int64_t>(a.n_bits())));
  const BigInteger::Division division = a.divide(b);
  return from_big(heap, operation == Arithmetic::modulo ? division.remainder : division.quotient);
}

// Nothing if the result does not fit.
std::optional<Value> calculate_small(Arithmetic operation, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (operation) {
    case Arithmetic::add:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(Value::of(result));
    case Arithmetic::subtract:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(Value::of(result));
    case Arithmetic::multiply:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(Value::of(result));
    case Arithmetic::divide:
      // long double holds every int64_t, so the quotient is rounded once to 64 bits and once to 53.
      return Value::of(static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b)));
    case Arithmetic::floor_divide:
    case Arithmetic::modulo: {
      if (b == -1)
        return operation == Arithmetic::modulo ? std::optional(Value::of(int64_t{0})) : std::nullopt;
      const int64_t remainder = a % b;
      const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);
      if (operation == Arithmetic::modulo) return Value::of(adjust ? remainder + b : remainder);
      return Value::of(a / b - (adjust ? 1 : 0));
    }
    case Arithmetic::power:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view symbol_of(Arithmetic operation) {
  constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return kSymbols[static_cast<size_t>(operation)];
}

Result<Value> calculate(Heap& heap, Arithmetic operation, const Value& left, const Value& right) {
  if (left.is(Kind::floating) || right.is(Kind::floating))
    return calculate_floats(operation, to_double(left), to_double(right));
  if (left.is_small() && right.is_small()) {
    const bool divides = operation == Arithmetic::divide || operation == Arithmetic::floor_divide ||
                         operation == Arithmetic::modulo;
    if (divides && right.small() == 0) return std::unexpected(division_by_zero().error());
    if (auto result = calculate_small(operation, left.small(), right.small())) return *result;
  }
  return calculate_bigs(heap, operation, left, right);
}

Result<Value> negate(Heap& heap, const Value& number) {
  if (number.is(Kind::floating)) return Value::of(-number.floating);
  if (number.is_small() && number.small() != std::numeric_limits<int64_t>::min())
    return Value::of(-number.small());
  return from_big(heap, to_big(number).negated());
}

int compare_numbers(const Value& left, const Value& right) {
  if (left.is_small() && right.is_small())
    return left.small() < right.small() ? -1 : left.small() > right.small() ? 1 : 0;
  if (left.is(Kind::floating) || right.is(Kind::floating)) {
    const double a = to_double(left), b = to_double(right);
    if (std::isnan(a) || std::isnan(b)) return 2;
    if (a != b || std::isinf(a) || std::fabs(a) < 9007199254740992.0) return a < b ? -1 : a > b ? 1 : 0;
    // Equal as floats, but an integer beyond 2^53 may have been rounded: compare exactly.
    const auto exact = [](const Value& v) {
      return v.is(Kind::floating) ? BigInteger::from_double(v.floating) : to_big(v);
    };
    return exact(left).compare(exact(right));
  }
  return to_big(left).compare(to_big(right));
}

BigInteger to_big(const Value& integer) {
  if (!integer.is(Kind::big_integer)) return BigInteger(integer.small());
  return BigInteger(integer.big->negative, {integer.big->limbs.begin(), integer.big->limbs.end()});
}

Result<Value> from_big(Heap& heap, const BigInteger& big) {
  if (auto small = big.to_int64()) return Value::of(*small);
  if (big.n_bits() > BigInteger::kMaxBits) return too_large();
  Value value = Value::of_kind(Kind::big_integer);
  value.big = heap.make<BigLimbs>(big.is_negative(), heap.arena().copy(big.limbs()));
  return value;
}

double to_double(const Value& number) {
  if (number.is(Kind::floating)) return number.floating;
  if (number.is(Kind::big_integer)) return to_big(number).to_double();
  return static_cast<double>(number.small());
}

Result<std::optional<Value>> parse_integer(Heap& heap, std::string_view text, int base) {
  std::string digits = ascii_number(text);  // blanks gone, other scripts' digits as ASCII
  const bool negative = !digits.empty() && digits.front() == '-';
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.erase(0, 1);
  const auto has_prefix = [&](char letter) {
    return digits.size() > 2 && digits[0] == '0' && (digits[1] | 0x20) == letter;
  };
  for (auto [letter, its_base] : {std::pair{'x', 16}, {'o', 8}, {'b', 2}})
    if ((base == its_base || base == 0) && has_prefix(letter)) {
      base = its_base;
      digits.erase(0, digits[2] == '_' ? 3 : 2);
      break;
    }
  if (base == 0) base = 10;
  if (base < 2 || base > 36 || digits.empty() || digits.back() == '_' || digits.front() == '_')
    return std::nullopt;
  std::string clean;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] == '_' && digits[i + 1] != '_') continue;
    const char c = digits[i];
    const int value = c >= '0' && c <= '9'                     ? c - '0'
                      : (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? (c | 0x20) - 'a' + 10
                                                               : 99;
    if (value >= base) return std::nullopt;
    clean.push_back(c);
  }
  if (clean.size() > 4300) return std::unexpected(too_large().error());
  TRY(heap.step(static_cast<int64_t>(clean.size() * clean.size() / 64)));
  const Value magnitude = TRY(from_big(heap, BigInteger::parse(clean, base)));
  return negative ? TRY(negate(heap, magnitude)) : magnitude;
}

std::optional<double> parse_float(std::string_view text) {
  std::string clean;
  const std::string given = ascii_number(text);
  for (size_t i = 0; i < given.size(); ++i) {
    const auto is_digit = [&](size_t at) {
      return at < given.size() && given[at] >= '0' && given[at] <= '9';
    };
    if (given[i] != '_')
      clean.push_back(given[i]);
    else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1))
      return std::nullopt;
  }
  const bool negative = !clean.empty() && clean.front() == '-';
  if (!clean.empty() && (clean.front() == '-' || clean.front() == '+')) clean.erase(0, 1);
  if (clean.empty() || clean.front() == '-' || clean.front() == '+') return std::nullopt;
  double value = 0;
  const char* end = clean.data() + clean.size();
  const auto [stop, error] = std::from_chars(clean.data(), end, value, std::chars_format::general);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = std::strtod(clean.c_str(), nullptr);
  if (clean.find('(') != std::string::npos) return std::nullopt;  // nan(...)
  return negative ? -value : value;
}

Result<Value> truncate(Heap& heap, double number) {
  if (!std::isfinite(number))
    return fail(Code::unsupported, base::cat("cannot convert float ", float_text(number), " to integer"));
  if (std::fabs(number) < 9e18) return Value::of(static_cast<int64_t>(number));
  return from_big(heap, BigInteger::from_double(number));
}

namespace {

// x rounded to a multiple of 10^-n_digits, n_digits < 0: through its decimal digits, which to_chars rounds
// correctly.
double round_to_tens(double number, int64_t n_digits) {
  char digits[64];
  const auto at_full =
      std::to_chars(digits, digits + sizeof digits, std::fabs(number), std::chars_format::scientific);
  const std::string_view text(digits, at_full.ptr);
  const int64_t exponent =
      *base::parse_int(text.substr(text.find('e') + (text[text.find('e') + 1] == '+' ? 2 : 1)));
  const int64_t precision = exponent + n_digits;
  if (precision < 0) {
    const double unit = std::pow(10.0, static_cast<double>(-n_digits));
    return std::copysign(std::fabs(number) > unit / 2 ? unit : 0.0, number);
  }
  const auto cut = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::scientific,
                                 static_cast<int>(precision));
  return *base::parse_double(std::string_view(digits, cut.ptr));
}

double round_float(double number, int64_t n_digits) {
  if (!std::isfinite(number) || number == 0 || n_digits > 323) return number;
  if (n_digits < -308) return std::copysign(0.0, number);
  if (n_digits < 0) return round_to_tens(number, n_digits);
  char digits[700];
  const auto cut = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed,
                                 static_cast<int>(n_digits));
  double result = 0;
  std::from_chars(digits, cut.ptr, result);
  return result;
}

}  // namespace

Result<Value> round_number(Heap& heap, const Value& number, int64_t n_digits) {
  if (number.is(Kind::floating)) return Value::of(round_float(number.floating, n_digits));
  if (n_digits >= 0) return number.is(Kind::boolean) ? Value::of(number.small()) : number;
  if (n_digits < -4300) return Value::of(int64_t{0});
  const Value ten = Value::of(int64_t{10});
  const Value unit = TRY(calculate(heap, Arithmetic::power, ten, Value::of(-n_digits)));
  const Value rest = TRY(calculate(heap, Arithmetic::modulo, number, unit));
  const Value below = TRY(calculate(heap, Arithmetic::subtract, number, rest));
  const Value twice = TRY(calculate(heap, Arithmetic::multiply, rest, Value::of(int64_t{2})));
  const int half = compare_numbers(twice, unit);
  const Value count = TRY(calculate(heap, Arithmetic::floor_divide, below, unit));
  const Value odd = TRY(calculate(heap, Arithmetic::modulo, count, Value::of(int64_t{2})));
  const bool up = half > 0 || (half == 0 && is_true(odd));
  return up ? TRY(calculate(heap, Arithmetic::add, below, unit)) : below;
}

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char digits[64];
  const auto scientific =
      std::to_chars(digits, digits + sizeof digits, number, std::chars_format::scientific);
  const std::string_view text(digits, scientific.ptr);
  const size_t e = text.find('e');
  const int64_t exponent = *base::parse_int(text.substr(e + (text[e + 1] == '+' ? 2 : 1)));
  if (exponent < -4 || exponent >= 16) return std::string(text);
  char fixed[64];
  const auto end = std::to_chars(fixed, fixed + sizeof fixed, number, std::chars_format::fixed);
  std::string result(fixed, end.ptr);
  if (result.find('.') == std::string::npos) result += ".0";
  return result;
}

std::string number_text(const Value& number) {
  if (number.is(Kind::floating)) return float_text(number.floating);
  if (number.is(Kind::big_integer)) return to_big(number).to_string();
  if (number.is(Kind::boolean)) return number.boolean ? "True" : "False";
  return base::cat(number.integer);
}

}  // namespace chat
