#include "chat/brace_format.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "base/utf8.h"
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

// "*^+#012,.3f"
struct Specification {
  std::string fill = " ";
  char align = '\0', sign = '-', grouping = '\0', type = '\0';
  bool alternate = false;
  int64_t width = 0, precision = -1;
};

std::unexpected<base::Error> bad_specification(std::string_view text) {
  return fail(Code::unsupported,
              base::cat("format specification '", base::printable(text, 40), "' does not fit the value"));
}

Result<Specification> parse(std::string_view text) {
  Specification s;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  size_t at = 0;
  const size_t fill_size = text.empty() ? 0 : size_of_character(text, 0);
  if (fill_size > 0 && fill_size < text.size() && is_align(text[fill_size])) {
    s.fill = text.substr(0, fill_size);
    s.align = text[fill_size];
    at = fill_size + 1;
  } else if (!text.empty() && is_align(text[0])) {
    s.align = text[at++];
  }
  const auto peek = [&] { return at < text.size() ? text[at] : '\0'; };
  const auto number = [&] {
    int64_t n = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at)
      n = std::min<int64_t>(n * 10 + (peek() - '0'), INT64_C(1) << 40);
    return n;
  };
  if (peek() == '+' || peek() == '-' || peek() == ' ') s.sign = text[at++];
  if (peek() == '#') s.alternate = ++at > 0;
  if (peek() == '0' && s.align == '\0') {
    s.fill = "0";
    s.align = '=';
  }
  s.width = number();
  if (peek() == ',' || peek() == '_') s.grouping = text[at++];
  if (peek() == '.') {
    ++at;
    if (peek() < '0' || peek() > '9') return bad_specification(text);
    s.precision = number();
  }
  if (at < text.size()) s.type = text[at++];
  if (at < text.size()) return bad_specification(text);
  return s;
}

class BraceFormat {
 public:
  BraceFormat(Interpreter& interpreter, const Text& format, const Arguments& arguments)
      : interpreter_(interpreter),
        heap_(interpreter.heap()),
        format_(format),
        arguments_(arguments),
        out_(heap_.builder()) {}

  Result<Value> run() {
    const std::string_view text = format_.view();
    while (at_ < text.size()) {
      const size_t brace = std::min(text.find_first_of("{}", at_), text.size());
      out_.append_part(format_, at_, brace);
      at_ = brace;
      if (at_ >= text.size()) break;
      if (at_ + 1 < text.size() && text[at_ + 1] == text[at_]) {
        out_.append_part(format_, at_, at_ + 1);
        at_ += 2;
      } else if (text[at_] == '}') {
        return fail(Code::unsupported, "single '}' in a format");
      } else {
        TRY(field());
      }
    }
    return Value::of(heap_.with_markup(*TRY(heap_.finish(out_)), format_.markup));
  }

 private:
  // {name!conversion:specification}
  Status field() {
    const size_t begin = at_ + 1;
    int depth = 1;
    size_t end = begin;
    for (; end < format_.size && depth > 0; ++end)
      depth += format_.data[end] == '{' ? 1 : format_.data[end] == '}' ? -1 : 0;
    if (depth > 0) return fail(Code::unsupported, "a format has '{' without '}'");
    const std::string_view body = format_.view().substr(begin, end - 1 - begin);
    at_ = end;
    const size_t name_end = std::min(body.find_first_of("!:"), body.size());
    Value value = TRY(look_up(body.substr(0, name_end)));
    std::string_view rest = body.substr(name_end);
    if (rest.starts_with('!')) {
      if (rest.size() < 2 || (rest.size() > 2 && rest[2] != ':'))
        return fail(Code::unsupported, "a format has a bad conversion");
      value = TRY(convert(value, rest[1]));
      rest = rest.substr(2);
    }
    const std::string specification = rest.empty() ? "" : TRY(fill_in(rest.substr(1)));
    return write(value, specification);
  }

  // Fields inside of a specification: {:{width}}.
  Result<std::string> fill_in(std::string_view specification) {
    std::string result;
    for (size_t at = 0; at < specification.size();) {
      const size_t open = std::min(specification.find('{', at), specification.size());
      result += specification.substr(at, open - at);
      if (open == specification.size()) break;
      const size_t close = specification.find('}', open);
      if (close == std::string_view::npos) return fail(Code::unsupported, "a format has '{' without '}'");
      const Value value = TRY(look_up(specification.substr(open + 1, close - open - 1)));
      result += TRY(to_text(heap_, value))->view();
      at = close + 1;
    }
    return result;
  }

  // "", "0", "name", each with .attribute and [key] behind.
  Result<Value> look_up(std::string_view name) {
    const size_t first_end = std::min(name.find_first_of(".["), name.size());
    Value value = TRY(argument(name.substr(0, first_end)));
    for (size_t at = first_end; at < name.size();) {
      const bool attribute = name[at] == '.';
      const size_t end =
          attribute ? std::min(name.find_first_of(".[", at + 1), name.size()) : name.find(']', at);
      if (end == std::string_view::npos || end == at + 1)
        return fail(Code::unsupported, "a format has an empty or open field");
      const std::string_view key = name.substr(at + 1, end - at - 1);
      const std::optional<int64_t> index = attribute ? std::nullopt : base::parse_int(key);
      value =
          attribute
              ? TRY(interpreter_.attribute(value, *heap_.copy(key, true)))
              : TRY(interpreter_.item(value, index ? Value::of(*index) : Value::of(heap_.copy(key, true))));
      at = attribute ? end : end + 1;
    }
    return value;
  }

  Result<Value> argument(std::string_view name) {
    std::optional<int64_t> index = base::parse_int(name);
    (name.empty() ? numbers_itself_ : is_numbered_) |= name.empty() || index.has_value();
    if (numbers_itself_ && is_numbered_)
      return fail(Code::unsupported, "format: numbered and unnumbered fields cannot be mixed");
    if (name.empty()) index = n_automatic_++;
    if (index) {
      if (*index >= 0 && static_cast<size_t>(*index) < arguments_.positional.size())
        return arguments_.positional[static_cast<size_t>(*index)];
      return fail(Code::unsupported, base::cat("format: there is no argument number ", *index));
    }
    for (const NamedArgument& named : arguments_.named)
      if (named.name->view() == name) return named.value;
    return fail(Code::unsupported,
                base::cat("format: there is no argument '", base::printable(name, 60), "'"));
  }

  Result<Value> convert(const Value& value, char conversion) {
    if (conversion == 's') return Value::of(TRY(to_text(heap_, value)));
    if (conversion != 'r' && conversion != 'a')
      return fail(Code::unsupported, "a format has a bad conversion");
    TextBuilder repr = heap_.builder();
    TRY(write_repr(heap_, value, repr));
    return Value::of(TRY(heap_.finish(repr)));
  }

  Status write(const Value& value, std::string_view text) {
    const Specification s = TRY(parse(text));
    if (s.precision > 4300) return fail(Code::exhausted, "a format asks for more than 4300 digits (limit)");
    const bool plain_bool = value.is(Kind::boolean) && s.type == '\0' && text.empty();
    if (value.is_number() && !plain_bool) return number(value, s, text);
    if (!value.is_text() && !text.empty() && !value.is_undefined()) return bad_specification(text);
    const Text* shown = TRY(to_text(heap_, value));
    if (s.type != '\0' && s.type != 's') return bad_specification(text);
    if (s.align == '=' || s.sign != '-' || s.grouping != '\0') return bad_specification(text);
    if (s.precision >= 0)
      shown = heap_.piece(*shown, 0, offset_of_character(*shown, static_cast<size_t>(s.precision)));
    if (format_.markup) shown = TRY(escape(heap_, *shown));
    return padded(*shown, s, '<');
  }

  Status padded(const Text& text, const Specification& s, char usual_align) {
    const char align = s.align == '\0' ? usual_align : s.align;
    const int64_t room = std::max<int64_t>(s.width - static_cast<int64_t>(n_characters(text)), 0);
    const int64_t left = align == '>' ? room : align == '^' ? room / 2 : 0;
    out_.append(*TRY(pad(heap_, text, left, *heap_.copy(s.fill, true), room - left)));
    return {};
  }

  Result<std::string> digits(const Value& value, const Specification& s, std::string_view text) {
    const bool is_float = value.is(Kind::floating);
    const char lower = static_cast<char>(s.type | 0x20);
    if (s.type == '\0' && is_float && s.precision < 0) {
      return float_text(std::fabs(value.floating));
    }
    if (is_float || lower == 'e' || lower == 'f' || lower == 'g' || s.type == '%') {
      if (s.type != '\0' && s.type != '%' && lower != 'e' && lower != 'f' && lower != 'g' && s.type != 'n')
        return bad_specification(text);
      const int precision = s.precision < 0 ? 6 : static_cast<int>(s.precision);
      if (s.type == '%') return float_digits(to_double(value) * 100, 'f', precision, s.alternate) + "%";
      if (s.type != '\0' && s.type != 'n')
        return float_digits(to_double(value), lower, precision, s.alternate);
      std::string general = float_digits(to_double(value), 'g', precision, s.alternate);
      if (s.type == '\0' && general.find_first_of(".en") == std::string::npos) general += ".0";
      return general;
    }
    if (s.precision >= 0) return bad_specification(text);
    const BigInteger big = to_big(value);
    const int base = lower == 'x' ? 16 : s.type == 'o' ? 8 : s.type == 'b' ? 2 : 10;
    if (base == 10 && s.type != '\0' && s.type != 'd' && s.type != 'n') return bad_specification(text);
    return (big.is_negative() ? big.negated() : big).to_string(base);
  }

  Status number(const Value& value, const Specification& s, std::string_view text) {
    if (s.type == 'c') return character(value, s, text);
    std::string shown = TRY(digits(value, s, text));
    const bool negative = value.is(Kind::floating)
                              ? std::signbit(value.floating) && !std::isnan(value.floating)
                              : to_big(value).is_negative();
    const bool hexadecimal = s.type == 'x' || s.type == 'X' || s.type == 'o' || s.type == 'b';
    if (s.grouping != '\0') shown = group_digits(shown, s.grouping, hexadecimal ? 4 : 3);
    std::string prefix = negative ? "-" : s.sign == '-' ? "" : std::string(1, s.sign);
    if (s.alternate && hexadecimal) prefix += base::cat("0", s.type);
    if (s.type >= 'A' && s.type <= 'Z')
      std::ranges::transform(shown, shown.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (s.align != '=') return padded(*heap_.copy(prefix + shown, true), s, '>');
    const int64_t room = s.width - static_cast<int64_t>(prefix.size() + shown.size());
    out_.append(prefix, true);
    out_.append(*TRY(pad(heap_, *heap_.copy(shown, true), room, *heap_.copy(s.fill, true), 0)));
    return {};
  }

  // As with %c: a number carries no origin, so the character is not trusted.
  Status character(const Value& value, const Specification& s, std::string_view text) {
    if (!value.is_small() || value.small() < 0 || value.small() > 0x10FFFF ||
        (value.small() >= 0xD800 && value.small() < 0xE000))
      return bad_specification(text);
    std::string bytes;
    base::append_utf8(bytes, static_cast<char32_t>(value.small()));
    return padded(*heap_.copy(bytes, /*trusted=*/false), s, '>');
  }

  Interpreter& interpreter_;
  Heap& heap_;
  const Text& format_;
  const Arguments& arguments_;
  TextBuilder out_;
  size_t at_ = 0;
  int64_t n_automatic_ = 0;
  bool numbers_itself_ = false, is_numbered_ = false;  // "{}" was met, "{0}" was met
};

}  // namespace

Result<Value> brace_format(Interpreter& interpreter, const Text& format, const Arguments& arguments) {
  return BraceFormat(interpreter, format, arguments).run();
}

}  // namespace chat
