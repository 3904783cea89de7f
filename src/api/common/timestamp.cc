#include "api/common/timestamp.h"

#include <chrono>

#include "base/strings.h"

namespace api {
namespace {

std::string two_digits(int64_t number) {
  return base::cat(number < 10 ? "0" : "", number);
}

}  // namespace

std::string rfc3339(int64_t unix_seconds) {
  const std::chrono::sys_seconds point{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(point - day);
  return base::cat(int{date.year()}, "-", two_digits(unsigned{date.month()}), "-",
                   two_digits(unsigned{date.day()}), "T", two_digits(time.hours().count()), ":",
                   two_digits(time.minutes().count()), ":", two_digits(time.seconds().count()), "Z");
}

}  // namespace api
