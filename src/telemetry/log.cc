#include "telemetry/log.h"

namespace telemetry {

const char* level_name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "unknown";
}

std::optional<Level> parse_level(std::string_view name) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error})
    if (name == level_name(level)) return level;
  return std::nullopt;
}

}  // namespace telemetry
