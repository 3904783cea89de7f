#include "telemetry/spdlog_log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <exception>

#include "base/strings.h"
#include "telemetry/log_line.h"

namespace telemetry {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::off;
}

// Lines are made here; spdlog puts time, level and colour in front of text, and writes.
class SpdlogLog final : public Log {
 public:
  SpdlogLog(spdlog::sink_ptr sink, const LogOptions& options, const base::Clock& clock)
      : logger_("domicile", std::move(sink)), json_(options.json), clock_(clock) {
    logger_.set_level(spdlog_level(options.level));
    logger_.flush_on(spdlog::level::trace);
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        json_ ? "%v" : "%H:%M:%S.%e %^%-7l%$ %v", spdlog::pattern_time_type::local));
  }

  bool is_on(Level level) const override { return logger_.should_log(spdlog_level(level)); }

  void write(Level level, std::string_view message, std::span<const Field> fields) override {
    if (!is_on(level)) return;
    const int64_t now_ns = clock_.wall_ns();
    const std::string line = json_ ? json_line(now_ns, level, message, fields) : text_line(message, fields);
    const auto now = spdlog::log_clock::time_point(
        std::chrono::duration_cast<spdlog::log_clock::duration>(std::chrono::nanoseconds(now_ns)));
    logger_.log(now, spdlog::source_loc{}, spdlog_level(level), spdlog::string_view_t(line));
  }

 private:
  spdlog::logger logger_;
  bool json_;
  const base::Clock& clock_;
};

template <class Sink, class... Arguments>
base::Result<std::unique_ptr<Log>> make(const LogOptions& options, const base::Clock& clock,
                                        Arguments&&... arguments) {
  try {
    return std::make_unique<SpdlogLog>(std::make_shared<Sink>(std::forward<Arguments>(arguments)...), options,
                                       clock);
  } catch (const std::exception& exception) {
    return base::fail(base::Code::internal, base::cat("cannot start the log: ", exception.what()));
  }
}

}  // namespace

base::Result<std::unique_ptr<Log>> make_stderr_log(const LogOptions& options, const base::Clock& clock) {
  const bool colour = options.colour && !options.json;
  return make<spdlog::sinks::ansicolor_stderr_sink_mt>(
      options, clock, colour ? spdlog::color_mode::always : spdlog::color_mode::never);
}

base::Result<std::unique_ptr<Log>> make_stream_log(std::ostream& out, const LogOptions& options,
                                                   const base::Clock& clock) {
  return make<spdlog::sinks::ostream_sink_mt>(options, clock, out);
}

}  // namespace telemetry
