#pragma once
// The two shapes of a log line. Both are one line whatever stands in the fields, so that nobody can forge a
// second one.
#include <span>
#include <string>
#include <string_view>

#include "telemetry/log.h"

namespace telemetry {

// model loaded model=smollm2 path="/my models/a" bytes=98362432
std::string text_line(std::string_view message, std::span<const Field> fields);

// {"time":"2025-03-14T09:26:53.589Z","level":"info","message":"model loaded","model":"smollm2"}
std::string json_line(int64_t wall_ns, Level level, std::string_view message, std::span<const Field> fields);

}  // namespace telemetry
