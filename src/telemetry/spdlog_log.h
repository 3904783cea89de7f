#pragma once
// Logs on standard error, by spdlog. A library of its own (telemetry_spdlog), so that what only logs needs no
// spdlog.
#include <iosfwd>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/log.h"

namespace telemetry {

struct LogOptions {
  Level level = Level::info;  // the least serious that is kept
  bool json = false;          // one JSON object a line, instead of text
  bool colour = false;        // of text; see platform::wants_colour
};

// `clock` must outlive the log.
[[nodiscard]] base::Result<std::unique_ptr<Log>> make_stderr_log(const LogOptions& options,
                                                                 const base::Clock& clock);

// The same into a stream, which must outlive the log; without colours.
[[nodiscard]] base::Result<std::unique_ptr<Log>> make_stream_log(std::ostream& out, const LogOptions& options,
                                                                 const base::Clock& clock);

}  // namespace telemetry
