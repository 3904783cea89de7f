#include "telemetry/log_line.h"

#include <chrono>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace telemetry {
namespace {

using base::cat;

base::Json json_value(const Field& field) {
  return std::visit([](const auto& value) { return base::Json(value); }, field.value);
}

// Bare where that is unmistakable, else in quotes.
std::string text_value(const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text == nullptr) return json_value(field).write();
  const bool is_plain = !text->empty() && text->find_first_of(" =\"\\") == std::string_view::npos &&
                        base::printable(*text, text->size()) == *text;
  return is_plain ? std::string(*text) : base::json_quote(*text);
}

std::string two_digits(int64_t value) {
  return cat(value < 10 ? "0" : "", value);
}

// RFC 3339 in UTC with milliseconds.
std::string time_text(int64_t wall_ns) {
  using namespace std::chrono;
  const sys_time<milliseconds> time(floor<milliseconds>(nanoseconds(wall_ns)));
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const int64_t ms = clock.subseconds().count();
  return cat(static_cast<int>(date.year()), "-", two_digits(static_cast<unsigned>(date.month())), "-",
             two_digits(static_cast<unsigned>(date.day())), "T", two_digits(clock.hours().count()), ":",
             two_digits(clock.minutes().count()), ":", two_digits(clock.seconds().count()), ".",
             ms < 100 ? "0" : "", two_digits(ms), "Z");
}

}  // namespace

std::string text_line(std::string_view message, std::span<const Field> fields) {
  std::string line = base::printable(message, 1000);
  for (const Field& field : fields) line += cat(" ", field.key, "=", text_value(field));
  return line;
}

std::string json_line(int64_t wall_ns, Level level, std::string_view message, std::span<const Field> fields) {
  base::Json line;
  line.set("time", time_text(wall_ns));
  line.set("level", level_name(level));
  line.set("message", message);
  for (const Field& field : fields) line.set(field.key, json_value(field));
  return line.write();
}

}  // namespace telemetry
