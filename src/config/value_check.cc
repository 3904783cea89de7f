#include "config/value_check.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"

namespace config {
namespace {

using base::cat;

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(base::Code::invalid_argument, std::move(message));
}

std::string shown(std::string_view text) {
  return cat("'", base::printable(text, 60), "'");
}

// A limit without the exponent that format_double would give to large ones.
std::string limit_text(double limit) {
  return limit == static_cast<double>(static_cast<int64_t>(limit)) ? cat(static_cast<int64_t>(limit))
                                                                   : cat(limit);
}

base::Status check_range(const Setting& setting, double value) {
  if (value < setting.least) return wrong(cat(limit_text(setting.least), " is the least allowed"));
  if (value > setting.most) return wrong(cat(limit_text(setting.most), " is the most allowed"));
  return {};
}

base::Status check_choice(const Setting& setting, std::string_view text) {
  const auto choices = base::split(setting.choices, '|');
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i)
    list += cat(i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ", choices[i]);
  return wrong(cat(shown(text), " is not one of ", list));
}

}  // namespace

bool boolean_of(std::string_view text) {
  return text == "true" || text == "1" || text == "yes" || text == "on";
}

base::Status check_value(const Setting& setting, std::string_view text) {
  if (setting.secret && text.empty()) return wrong("is empty");
  switch (setting.type) {
    case Type::text:
      return {};
    case Type::path:
      return text.empty() ? base::Status(wrong("is empty")) : base::Status();
    case Type::choice:
      return check_choice(setting, text);
    case Type::boolean:
      if (boolean_of(text) || text == "false" || text == "0" || text == "no" || text == "off") return {};
      return wrong(cat(shown(text), " is neither true nor false"));
    case Type::bytes:
      if (base::parse_bytes(text)) return {};
      return wrong(cat(shown(text), " is not a size such as 512M or 16GiB"));
    case Type::duration:
      if (base::parse_duration(text)) return {};
      return wrong(cat(shown(text), " is not a length of time such as 30s, 5m or 1h30m"));
    case Type::integer:
      if (const auto value = base::parse_int(text)) return check_range(setting, static_cast<double>(*value));
      return wrong(cat(shown(text), " is not a whole number"));
    case Type::number:
      if (const auto value = base::parse_double(text)) return check_range(setting, *value);
      return wrong(cat(shown(text), " is not a number"));
  }
  return {};
}

}  // namespace config
