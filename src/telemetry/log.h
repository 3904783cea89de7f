#pragma once
// Where a part of the program says what it does. Passed in like any other need; nothing here knows where the
// lines go.
//
//   log.info("model loaded", {{"model", name}, {"bytes", size_bytes}, {"ms", elapsed_ms}});
//
// A message is a short fixed phrase; what varies goes into fields, so that lines can be counted and searched.
// Prompts, answers and keys are never logged.
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace telemetry {

enum class Level { debug, info, warning, error };
const char* level_name(Level level);
std::optional<Level> parse_level(std::string_view name);

// Borrows its text: fit for an argument, not for keeping.
struct Field {
  using Value = std::variant<std::string_view, int64_t, uint64_t, double, bool>;

  Field(std::string_view key, std::string_view text) : key(key), value(text) {}
  Field(std::string_view key, const char* text) : key(key), value(std::string_view(text)) {}
  Field(std::string_view key, const std::string& text) : key(key), value(std::string_view(text)) {}
  template <std::same_as<bool> Bool>
  Field(std::string_view key, Bool flag) : key(key), value(flag) {}
  template <std::signed_integral Number>
  Field(std::string_view key, Number number) : key(key), value(int64_t{number}) {}
  template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>)
  Field(std::string_view key, Number number) : key(key), value(uint64_t{number}) {}
  template <std::floating_point Number>
  Field(std::string_view key, Number number) : key(key), value(double{number}) {}

  std::string_view key;  // snake_case
  Value value;
};

// Implementations are thread-safe, and never fail towards the caller.
class Log {
 public:
  virtual ~Log() = default;
  // Whether lines of that level are kept: for fields that cost something to make.
  virtual bool is_on(Level level) const = 0;
  virtual void write(Level level, std::string_view message, std::span<const Field> fields) = 0;

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
  }
};

// Keeps nothing.
class NoLog final : public Log {
 public:
  bool is_on(Level) const override { return false; }
  void write(Level, std::string_view, std::span<const Field>) override {}
};

}  // namespace telemetry
