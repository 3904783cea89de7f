#include "chat/percent_format.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/dict.h"
#include "chat/number_format.h"
#include "chat/python_text.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr int64_t kMaxPrecision = 4300;

struct Directive {
  bool minus = false, plus = false, blank = false, zero = false, alternate = false;
  int64_t width = 0;
  int64_t precision = -1;
};

class PercentFormat {
 public:
  PercentFormat(Interpreter& interpreter, const Text& format, const Value& values)
      : heap_(interpreter.heap()), format_(format), values_(values), out_(heap_.builder()) {}

  Result<Value> run() {
    const std::string_view text = format_.view();
    while (at_ < text.size()) {
      const size_t percent = std::min(text.find('%', at_), text.size());
      out_.append_part(format_, at_, percent);
      at_ = percent;
      if (at_ < text.size()) TRY(directive());
    }
    TRY(check_all_used());
    return Value::of(heap_.with_markup(*TRY(heap_.finish(out_)), format_.markup));
  }

 private:
  char peek() const { return at_ < format_.size ? format_.data[at_] : '\0'; }

  Status check_all_used() {
    const bool tuple = values_.is(Kind::tuple);
    const bool all_used =
        by_name_ || (tuple ? n_used_ == values_.list->items.size()
                           : n_used_ == 1 || values_.is(Kind::dict) || values_.is(Kind::list));
    if (all_used) return {};
    return fail(Code::unsupported, "not all arguments converted during string formatting");
  }

  Result<Value> next_value() {
    const std::span<const Value> tuple =
        values_.is(Kind::tuple) ? values_.list->items : std::span<const Value>(&values_, 1);
    if (n_used_ >= tuple.size()) return fail(Code::unsupported, "not enough arguments for format string");
    return tuple[n_used_++];
  }

  Result<Value> named_value() {
    const size_t close = std::min(format_.view().find(')', at_), size_t{format_.size});
    const std::string_view name = format_.view().substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    by_name_ = true;
    if (!values_.is(Kind::dict)) return fail(Code::unsupported, "format requires a mapping");
    if (const Value* value = find_item(*values_.dict, name)) return *value;
    return fail(Code::unsupported, base::cat("there is no value for '%(", base::printable(name, 60), ")'"));
  }

  Status directive() {
    ++at_;
    if (peek() == '%') {
      out_.append_part(format_, at_, at_ + 1);
      ++at_;
      return {};
    }
    Value value;
    if (peek() == '(') value = TRY(named_value());
    Directive d;
    flags(d);
    d.width = TRY(number_or_star(d));
    if (peek() == '.') {
      ++at_;
      Directive ignored;
      d.precision = TRY(number_or_star(ignored));
    }
    while (peek() == 'l' || peek() == 'h' || peek() == 'L') ++at_;
    if (at_ >= format_.size) return fail(Code::unsupported, "incomplete format");
    const char kind = format_.data[at_++];
    if (!value.is_given()) value = TRY(next_value());
    return convert(kind, value, d);
  }

  void flags(Directive& d) {
    for (;; ++at_) {
      const char c = peek();
      d.minus |= c == '-';
      d.plus |= c == '+';
      d.blank |= c == ' ';
      d.zero |= c == '0';
      d.alternate |= c == '#';
      if (c != '-' && c != '+' && c != ' ' && c != '0' && c != '#') return;
    }
  }

  Result<int64_t> number_or_star(Directive& d) {
    if (peek() == '*') {
      ++at_;
      const Value value = TRY(next_value());
      if (!value.is_small()) return fail(Code::unsupported, "* wants an integer");
      d.minus |= value.small() < 0;
      return std::abs(std::clamp<int64_t>(value.small(), -INT64_C(1) << 40, INT64_C(1) << 40));
    }
    int64_t number = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_)
      number = std::min<int64_t>(number * 10 + (peek() - '0'), INT64_C(1) << 40);
    return number;
  }

  Status convert(char kind, const Value& value, const Directive& d) {
    switch (kind) {
      case 's':
        return text(*TRY(to_text(heap_, value)), d);
      case 'r':
      case 'a': {
        TextBuilder repr = heap_.builder();
        TRY(write_repr(heap_, value, repr));
        return text(*TRY(heap_.finish(repr)), d);
      }
      case 'c':
        return character(value, d);
      case 'd':
      case 'i':
      case 'u':
        return whole(value, 10, d, "");
      case 'x':
        return whole(value, 16, d, "0x");
      case 'X':
        return whole(value, 16, d, "0X");
      case 'o':
        return whole(value, 8, d, "0o");
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
        return fraction(value, kind, d);
      default:
        return fail(Code::unsupported, base::cat("unsupported format character '",
                                                 base::printable(std::string_view(&kind, 1)), "'"));
    }
  }

  Status text(const Text& whole, const Directive& d) {
    const Text* shown = &whole;
    if (d.precision >= 0)
      shown = heap_.piece(whole, 0, offset_of_character(whole, static_cast<size_t>(d.precision)));
    if (format_.markup) shown = TRY(escape(heap_, *shown));
    const int64_t room = d.width - static_cast<int64_t>(n_characters(*shown));
    if (!d.minus) TRY(blanks(room));
    out_.append(*shown);
    if (d.minus) TRY(blanks(room));
    return {};
  }

  Status blanks(int64_t n) {
    if (n <= 0) return {};
    TRY(heap_.reserve(static_cast<size_t>(n)));
    out_.append(std::string(static_cast<size_t>(n), ' '), true);
    return {};
  }

  // A number carries no origin, so the character it names may be the caller's choice: it is not trusted.
  Status character(const Value& value, const Directive& d) {
    if (value.is_text() && n_characters(*value.text) == 1) return text(*value.text, d);
    if (!value.is_small() || value.small() < 0 || value.small() > 0x10FFFF ||
        (value.small() >= 0xD800 && value.small() < 0xE000))
      return fail(Code::unsupported, "%c requires a character or its number");
    std::string bytes;
    base::append_utf8(bytes, static_cast<char32_t>(value.small()));
    return text(*heap_.copy(bytes, /*trusted=*/false), d);
  }

  Status whole(const Value& value, int base, const Directive& d, std::string_view prefix) {
    if (value.is_undefined()) return undefined_error(value);
    if (!value.is_number() || (value.is(Kind::floating) && base != 10))
      return fail(Code::unsupported,
                  base::cat("a number format requires an integer, not ", type_name(value)));
    const Value integer = value.is(Kind::floating) ? TRY(truncate(heap_, value.floating)) : value;
    const BigInteger big = to_big(integer);
    std::string digits = (big.is_negative() ? big.negated() : big).to_string(base);
    if (prefix == "0X")
      std::ranges::transform(digits, digits.begin(),
                             [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    if (d.precision > kMaxPrecision)
      return fail(Code::exhausted, "a format asks for more than 4300 digits (limit)");
    if (static_cast<int64_t>(digits.size()) < d.precision)
      digits.insert(0, static_cast<size_t>(d.precision) - digits.size(), '0');
    return signed_digits(big.is_negative(), d.alternate ? prefix : "", digits, d);
  }

  Status fraction(const Value& value, char kind, const Directive& d) {
    if (value.is_undefined()) return undefined_error(value);
    if (!value.is_number())
      return fail(Code::unsupported, base::cat("must be a real number, not ", type_name(value)));
    if (d.precision > kMaxPrecision)
      return fail(Code::exhausted, "a format asks for more than 4300 digits (limit)");
    const double number = to_double(value);
    std::string digits = float_digits(number, static_cast<char>(kind | 0x20),
                                      d.precision < 0 ? 6 : static_cast<int>(d.precision), d.alternate);
    if (kind < 'a')
      std::ranges::transform(digits, digits.begin(),
                             [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    Directive padded = d;
    padded.zero = d.zero && std::isfinite(number);
    return signed_digits(std::signbit(number) && !std::isnan(number), "", digits, padded);
  }

  Status signed_digits(bool negative, std::string_view prefix, const std::string& digits,
                       const Directive& d) {
    const std::string sign = negative ? "-" : d.plus ? "+" : d.blank ? " " : "";
    const int64_t room = d.width - static_cast<int64_t>(sign.size() + prefix.size() + digits.size());
    if (room > 0) TRY(heap_.reserve(static_cast<size_t>(room)));
    if (!d.minus && !d.zero) TRY(blanks(room));
    out_.append(base::cat(sign, prefix), true);
    if (!d.minus && d.zero && room > 0) out_.append(std::string(static_cast<size_t>(room), '0'), true);
    out_.append(digits, true);
    if (d.minus) TRY(blanks(room));
    return {};
  }

  Heap& heap_;
  const Text& format_;
  const Value& values_;
  TextBuilder out_;
  size_t at_ = 0;
  size_t n_used_ = 0;
  bool by_name_ = false;
};

}  // namespace

Result<Value> percent_format(Interpreter& interpreter, const Text& format, const Value& values) {
  return PercentFormat(interpreter, format, values).run();
}

}  // namespace chat
