#include "base/json_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/strings.h"
#include "base/utf8.h"

namespace base::internal {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether a number that from_chars calls out of range is too small rather than too large: whether its first
// digit that is not zero stands behind the decimal point, once the exponent has moved it.
bool is_tiny(std::string_view number) {
  if (number.front() == '-') number.remove_prefix(1);
  const size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, exponent_at);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) return true;
  const int64_t magnitude = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  if (exponent_at == number.size()) return magnitude <= 0;
  std::string_view exponent = number.substr(exponent_at + 1);
  const bool is_negative = exponent.front() == '-';
  if (is_negative || exponent.front() == '+') exponent.remove_prefix(1);
  int64_t value = 0;
  for (const char digit : exponent) value = std::min<int64_t>(value * 10 + (digit - '0'), int64_t{1} << 40);
  return magnitude + (is_negative ? -value : value) <= 0;
}

}  // namespace

Result<Json> JsonParser::parse_document() {
  if (text_.starts_with("\xEF\xBB\xBF")) return fail_at(0, "a byte order mark is not allowed before JSON");
  Json value = TRY(parse_value());
  skip_blanks();
  if (!at_end()) return unexpected_here("the end of the text");
  return value;
}

Result<Json> JsonParser::parse_value() {
  skip_blanks();
  switch (peek()) {
    case '{':
      return parse_object();
    case '[':
      return parse_array();
    case '"':
      return Json(TRY(parse_string()));
    case 't':
      return parse_literal("true", Json(true));
    case 'f':
      return parse_literal("false", Json(false));
    case 'n':
      return parse_literal("null", Json());
    default:
      return parse_number();
  }
}

Result<Json> JsonParser::parse_literal(std::string_view literal, Json value) {
  if (!text_.substr(at_).starts_with(literal)) return unexpected_here("a value");
  at_ += literal.size();
  return value;
}

Result<Json> JsonParser::parse_array() {
  if (++depth_ > max_depth_) return fail_at(at_, cat("nested deeper than ", max_depth_, " levels"));
  take('[');
  Json::Array elements;
  skip_blanks();
  if (!take(']')) {
    do {
      elements.push_back(TRY(parse_value()));
      skip_blanks();
    } while (take(','));
    if (!take(']')) return unexpected_here("',' or ']'");
  }
  --depth_;
  return Json(std::move(elements));
}

Result<Json> JsonParser::parse_object() {
  if (++depth_ > max_depth_) return fail_at(at_, cat("nested deeper than ", max_depth_, " levels"));
  take('{');
  Json::Object members;
  std::vector<size_t> key_offsets;
  skip_blanks();
  if (!take('}')) {
    do {
      TRY(parse_member(members, key_offsets));
      skip_blanks();
    } while (take(','));
    if (!take('}')) return unexpected_here("',' or '}'");
  }
  TRY(check_unique_keys(members, key_offsets));
  --depth_;
  return Json(std::move(members));
}

Status JsonParser::parse_member(Json::Object& members, std::vector<size_t>& key_offsets) {
  skip_blanks();
  if (peek() != '"') return unexpected_here("a key in double quotes");
  key_offsets.push_back(at_);
  std::string key = TRY(parse_string());
  skip_blanks();
  if (!take(':')) return unexpected_here("':'");
  Json value = TRY(parse_value());
  members.push_back({std::move(key), std::move(value)});
  return {};
}

// By sorting, not hashing: an attacker cannot choose keys that make it slow.
Status JsonParser::check_unique_keys(const Json::Object& members, const std::vector<size_t>& key_offsets) {
  if (members.size() < 2) return {};
  std::vector<uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int compared = members[a].key.compare(members[b].key);
    return compared != 0 ? compared < 0 : a < b;
  });
  const auto same = [&](uint32_t a, uint32_t b) { return members[a].key == members[b].key; };
  const auto first = std::adjacent_find(order.begin(), order.end(), same);
  if (first == order.end()) return {};
  const uint32_t second = *(first + 1);
  return fail_at(key_offsets[second], cat("duplicate key \"", printable(members[second].key, 60), "\""));
}

size_t JsonParser::number_length() const {
  size_t at = at_;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text_.size() && is_digit(text_[at])) ++at;
    return at - begin;
  };
  const auto is_here = [&](std::string_view any) {
    return at < text_.size() && any.find(text_[at]) != std::string_view::npos;
  };
  if (is_here("-")) ++at;
  if (is_here("0"))
    ++at;
  else if (digits() == 0)
    return 0;
  if (is_here(".")) {
    ++at;
    if (digits() == 0) return 0;
  }
  if (is_here("eE")) {
    ++at;
    if (is_here("+-")) ++at;
    if (digits() == 0) return 0;
  }
  return at - at_;
}

Result<Json> JsonParser::parse_number() {
  const size_t length = number_length();
  const bool is_value_start = peek() == '-' || is_digit(peek());
  if (length == 0 && is_value_start && !at_end()) return fail_at(at_, "malformed number");
  if (length == 0) return unexpected_here("a value");
  Json value = TRY(number_value(text_.substr(at_, length)));
  at_ += length;
  if (is_digit(peek())) return fail_at(at_ - length, "a number may not begin with 0");
  return value;
}

Result<Json> JsonParser::number_value(std::string_view digits) const {
  const bool is_whole = digits.find_first_of(".eE") == std::string_view::npos;
  if (is_whole) {
    int64_t whole = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), whole).ec == std::errc{})
      return Json(whole);
  }
  double value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec ==
      std::errc::result_out_of_range) {
    if (!is_tiny(digits)) return fail_at(at_, cat("number ", printable(digits, 40), " is too large"));
    value = digits.front() == '-' ? -0.0 : 0.0;
  }
  if (is_whole) return Json(Json::BigInteger{std::string(digits)});
  return Json(value);
}

Result<std::string> JsonParser::parse_string() {
  const size_t begin = at_;
  take('"');
  std::string out;
  for (;;) {
    size_t end = at_;
    while (end < text_.size() && text_[end] >= 0x20 && text_[end] < 0x7F && text_[end] != '"' &&
           text_[end] != '\\')
      ++end;
    out += text_.substr(at_, end - at_);
    at_ = end;
    if (at_end()) return fail_at(begin, "a string is not closed");
    if (take('"')) return out;
    if (take('\\'))
      TRY(parse_escape(out));
    else
      TRY(copy_character(out));
  }
}

Status JsonParser::copy_character(std::string& out) {
  if (static_cast<unsigned char>(text_[at_]) < 0x20)
    return fail_at(at_, cat("unescaped control character ", printable(text_.substr(at_, 1)), " in a string"));
  const Utf8Step step = decode_utf8(text_, at_);
  if (!step.valid)
    return fail_at(at_, cat("bytes that are not UTF-8 (", printable(text_.substr(at_, step.size)), ")"));
  out += text_.substr(at_, step.size);
  at_ += step.size;
  return {};
}

Status JsonParser::parse_escape(std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (take('u')) {
    append_utf8(out, TRY(parse_unicode_escape()));
    return {};
  }
  const size_t which = at_end() ? std::string_view::npos : kNames.find(text_[at_]);
  if (which == std::string_view::npos) return fail_at(at_ - 1, "unknown escape in a string");
  out += kMeanings[which];
  ++at_;
  return {};
}

Result<char32_t> JsonParser::parse_unicode_escape() {
  const size_t begin = at_ - 2;
  const char32_t first = TRY(parse_four_hex_digits());
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (first > 0xDBFF || !text_.substr(at_).starts_with("\\u"))
    return fail_at(begin, "lone surrogate in a string");
  at_ += 2;
  const char32_t second = TRY(parse_four_hex_digits());
  if (second < 0xDC00 || second > 0xDFFF) return fail_at(begin, "lone surrogate in a string");
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

Result<char32_t> JsonParser::parse_four_hex_digits() {
  uint32_t value = 0;
  const std::string_view digits = text_.substr(at_, 4);
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || digits.size() != 4 || stop != digits.data() + digits.size())
    return fail_at(at_, "\\u wants four hexadecimal digits");
  at_ += 4;
  return value;
}

void JsonParser::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++at_;
  }
}

bool JsonParser::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

std::unexpected<Error> JsonParser::fail_at(size_t offset, std::string_view what) const {
  const std::string_view before = text_.substr(0, offset);
  const size_t line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  const size_t column =
      std::count_if(in_line.begin(), in_line.end(), [](char c) { return (c & 0xC0) != 0x80; }) + 1;
  return fail(Code::corrupt, cat("JSON line ", line, ", column ", column, ": ", what));
}

std::unexpected<Error> JsonParser::unexpected_here(std::string_view wanted) const {
  if (at_end()) return fail_at(at_, cat("the text ends where ", wanted, " should be"));
  const size_t size = decode_utf8(text_, at_).size;
  return fail_at(at_, cat("expected ", wanted, " but found '", printable(text_.substr(at_, size)), "'"));
}

}  // namespace base::internal

namespace base {

Result<Json> Json::parse(std::string_view text, ParseLimits limits) {
  if (text.size() > limits.max_size_bytes)
    return fail(Code::exhausted, cat("JSON text has ", format_bytes(text.size()), ", more than the ",
                                     format_bytes(limits.max_size_bytes), " allowed"));
  // The parser recurses once per level; 512 levels stay far within any thread's stack.
  return internal::JsonParser(text, std::min(limits.max_depth, 512)).parse_document();
}

}  // namespace base
