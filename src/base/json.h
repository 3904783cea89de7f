#pragma once
// A strict JSON reader and writer (RFC 8259).
//
// Strict: UTF-8 must be valid, duplicate keys are refused, so are numbers that a double cannot hold (1e400),
// NaN and Infinity literals, lone surrogates escaped as \uD800, a byte order mark, trailing text and nesting
// beyond a limit. Integers stay integers: 64-bit ones as int64_t, larger ones as their digits. A number too
// small for a double becomes zero. Objects keep their order. Reading takes time in proportion to the text
// (times the logarithm of an object's size), whatever the text.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace base {

class Json {
 public:
  struct Member;
  struct BigInteger {
    std::string digits;  // decimal, with a leading '-' if negative; does not fit an int64_t
    bool operator==(const BigInteger&) const = default;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  Json();  // null
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();
  Json(std::nullptr_t);
  Json(bool value);
  Json(int value);
  Json(uint32_t value);
  Json(int64_t value);
  Json(size_t value);  // a BigInteger above INT64_MAX
  Json(double value);
  Json(BigInteger value);
  Json(const char* value);
  Json(std::string_view value);
  Json(std::string value);
  Json(Array value);
  Json(Object value);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_big_integer() const { return std::holds_alternative<BigInteger>(value_); }
  bool is_double() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_integer() || is_big_integer() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  // "null", "boolean", "integer", "number", "string", "array" or "object", for messages.
  const char* type_name() const;

  // REQUIRES: the value has that type.
  bool as_bool() const { return std::get<bool>(value_); }
  int64_t as_integer() const { return std::get<int64_t>(value_); }
  const BigInteger& as_big_integer() const { return std::get<BigInteger>(value_); }
  double as_double() const;  // any number
  const std::string& as_string() const { return std::get<std::string>(value_); }
  const Array& as_array() const { return std::get<Array>(value_); }
  Array& as_array() { return std::get<Array>(value_); }
  const Object& as_object() const { return std::get<Object>(value_); }
  Object& as_object() { return std::get<Object>(value_); }

  // The member of that name, or null if this is no object or has none.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  // Sets or appends a member. REQUIRES: an object, or null (which becomes an object).
  void set(std::string_view key, Json value);
  // Appends an element. REQUIRES: an array, or null (which becomes an array).
  void push_back(Json value);

  bool operator==(const Json&) const;

  struct ParseLimits {
    int max_depth = 64;  // at most 512
    size_t max_size_bytes = size_t{64} << 20;
  };
  // The error says what is wrong and at which line and column.
  static Result<Json> parse(std::string_view text, ParseLimits limits);
  static Result<Json> parse(std::string_view text) { return parse(text, ParseLimits{}); }

  // Compact, UTF-8, shortest doubles that read back the same, as doubles ("1.0"); one that is not finite
  // becomes null. Bytes of a string that are not UTF-8 become U+FFFD.
  std::string write() const;
  void write_to(std::string& out) const;
  // The same over several lines, two blanks per level.
  std::string write_pretty() const;

 private:
  std::variant<std::monostate, bool, int64_t, BigInteger, double, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string key;
  Json value;
  bool operator==(const Member&) const = default;
};

// Here and not in the class, because a variant wants Member complete.
inline Json::Json() = default;
inline Json::Json(const Json&) = default;
inline Json::Json(Json&&) noexcept = default;
inline Json& Json::operator=(const Json&) = default;
inline Json& Json::operator=(Json&&) noexcept = default;
inline Json::~Json() = default;
inline Json::Json(std::nullptr_t) {}
inline Json::Json(bool value) : value_(value) {}
inline Json::Json(int value) : value_(int64_t{value}) {}
inline Json::Json(uint32_t value) : value_(int64_t{value}) {}
inline Json::Json(int64_t value) : value_(value) {}
inline Json::Json(double value) : value_(value) {}
inline Json::Json(BigInteger value) : value_(std::move(value)) {}
inline Json::Json(const char* value) : value_(std::string(value)) {}
inline Json::Json(std::string_view value) : value_(std::string(value)) {}
inline Json::Json(std::string value) : value_(std::move(value)) {}
inline Json::Json(Array value) : value_(std::move(value)) {}
inline Json::Json(Object value) : value_(std::move(value)) {}

// `text` as a JSON string literal with its quotes; control characters (bidirectional controls and line
// separators too) are escaped, so also fit for terminals and logs.
std::string json_quote(std::string_view text);

// Shortest decimal form that reads back to the same value ("0.1", "1e+30"); "null" if not finite.
std::string format_double(double value);
std::string format_float(float value);

}  // namespace base
