#include "base/json.h"

#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace base {
namespace {

// Characters that could move a terminal's cursor, split a log's line or turn its reading direction.
bool must_escape(char32_t c) {
  return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E ||
         c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void append_escape(std::string& out, char32_t c) {
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  constexpr char kDigits[] = "0123456789abcdef";
  const size_t which = c < 0x80 ? kMeanings.find(static_cast<char>(c)) : std::string_view::npos;
  if (which != std::string_view::npos) {
    out += '\\';
    out += kNames[which];
    return;
  }
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(c >> shift) & 0xF];
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (size_t offset = 0; offset < text.size();) {
    const Utf8Step step = decode_utf8(text, offset);
    if (must_escape(step.code_point))
      append_escape(out, step.code_point);
    else
      append_utf8(out, step.code_point);
    offset += step.size;
  }
  out += '"';
}

// Looks like a double when read back: "1" would come back as an integer.
void append_double(std::string& out, double value) {
  const std::string text = format_double(value);
  out += text;
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) out += ".0";
}

// Writes a value, on one line or on many.
class Writer {
 public:
  Writer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void write(const Json& value) {
    if (value.is_null())
      out_ += "null";
    else if (value.is_bool())
      out_ += value.as_bool() ? "true" : "false";
    else if (value.is_integer())
      internal::append(out_, value.as_integer());
    else if (value.is_big_integer())
      out_ += value.as_big_integer().digits;
    else if (value.is_double())
      append_double(out_, value.as_double());
    else if (value.is_string())
      append_quoted(out_, value.as_string());
    else if (value.is_array())
      write_list('[', ']', value.as_array(), [&](const Json& element) { write(element); });
    else
      write_list('{', '}', value.as_object(), [&](const Json::Member& member) { write_member(member); });
  }

 private:
  template <class List, class WriteOne>
  void write_list(char open, char close, const List& list, WriteOne write_one) {
    out_ += open;
    ++depth_;
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ',';
      new_line();
      write_one(list[i]);
    }
    --depth_;
    if (!list.empty()) new_line();
    out_ += close;
  }

  void write_member(const Json::Member& member) {
    append_quoted(out_, member.key);
    out_ += pretty_ ? ": " : ":";
    write(member.value);
  }

  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string& out_;
  bool pretty_;
  int depth_ = 0;
};

template <class Number>
std::string format_shortest(Number value) {
  if (!std::isfinite(value)) return "null";
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return std::string(digits, end);
}

}  // namespace

Json::Json(size_t value) {
  if (value <= static_cast<size_t>(INT64_MAX))
    value_ = static_cast<int64_t>(value);
  else
    value_ = BigInteger{cat(value)};
}

const char* Json::type_name() const {
  if (is_null()) return "null";
  if (is_bool()) return "boolean";
  if (is_integer() || is_big_integer()) return "integer";
  if (is_double()) return "number";
  if (is_string()) return "string";
  return is_array() ? "array" : "object";
}

double Json::as_double() const {
  if (is_integer()) return static_cast<double>(as_integer());
  if (is_double()) return std::get<double>(value_);
  const std::string& digits = as_big_integer().digits;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  // The parser lets no such integer in; one made by hand keeps its sign.
  if (error == std::errc::result_out_of_range) return digits.front() == '-' ? -HUGE_VAL : HUGE_VAL;
  return value;
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : as_object())
    if (member.key == key) return &member.value;
  return nullptr;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(std::as_const(*this).find(key));
}

void Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object{};
  CHECK(is_object());
  if (Json* existing = find(key))
    *existing = std::move(value);
  else
    as_object().push_back({std::string(key), std::move(value)});
}

void Json::push_back(Json value) {
  if (is_null()) value_ = Array{};
  CHECK(is_array());
  as_array().push_back(std::move(value));
}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

std::string Json::write() const {
  std::string out;
  write_to(out);
  return out;
}

void Json::write_to(std::string& out) const {
  Writer(out, /*pretty=*/false).write(*this);
}

std::string Json::write_pretty() const {
  std::string out;
  Writer(out, /*pretty=*/true).write(*this);
  return out;
}

std::string json_quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string format_double(double value) {
  return format_shortest(value);
}
std::string format_float(float value) {
  return format_shortest(value);
}

}  // namespace base
