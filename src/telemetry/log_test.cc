#include <gtest/gtest.h>

#include <sstream>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/strings.h"
#include "telemetry/log_line.h"
#include "telemetry/spdlog_log.h"

namespace telemetry {
namespace {

using Fields = std::vector<Field>;

constexpr int64_t kPiDayNs = 1'741'944'413'589'000'000;  // 2025-03-14T09:26:53.589Z

TEST(Level, HasNames) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error})
    EXPECT_EQ(parse_level(level_name(level)), level);
  EXPECT_EQ(parse_level("loud"), std::nullopt);
}

TEST(TextLine, ShowsFieldsAsPairs) {
  const std::string name = "smollm2";
  EXPECT_EQ(
      text_line("model loaded", Fields{{"model", name},
                                       {"path", "/my models/a"},
                                       {"bytes", size_t{98}},
                                       {"layers", -3},
                                       {"share", 0.5},
                                       {"warm", true},
                                       {"note", ""}}),
      R"(model loaded model=smollm2 path="/my models/a" bytes=98 layers=-3 share=0.5 warm=true note="")");
}

TEST(TextLine, CannotBeBrokenInTwo) {
  EXPECT_EQ(text_line("a\nb", Fields{{"k", "x\ny"}, {"e", "\x1b[31m"}, {"q", "a\"b"}}),
            R"(a\nb k="x\ny" e="\u001b[31m" q="a\"b")");
}

TEST(JsonLine, IsOneObject) {
  EXPECT_EQ(json_line(kPiDayNs, Level::warning, "slow", Fields{{"ms", 12}, {"x", std::string_view("a\nb")}}),
            R"({"time":"2025-03-14T09:26:53.589Z","level":"warning","message":"slow","ms":12,"x":"a\nb"})");
  EXPECT_EQ(json_line(7'000'000, Level::info, "m", {}),
            R"({"time":"1970-01-01T00:00:00.007Z","level":"info","message":"m"})");
}

TEST(SpdlogLog, KeepsWhatIsSeriousEnough) {
  std::ostringstream out;
  const base::FakeClock clock(kPiDayNs);
  const auto log = make_stream_log(out, {.level = Level::warning}, clock).value();
  log->info("not this");
  EXPECT_EQ(out.str(), "");
  EXPECT_FALSE(log->is_on(Level::info));
  log->warning("but this", {{"n", 1}});
  EXPECT_TRUE(out.str().ends_with(":53.589 warning but this n=1\n")) << out.str();
}

TEST(SpdlogLog, WritesBracesAsTheyAre) {
  std::ostringstream out;
  const base::FakeClock clock;
  make_stream_log(out, {}, clock).value()->error("{} {:d} %v", {{"k", "{}"}});
  EXPECT_NE(out.str().find("{} {:d} %v k={}"), std::string::npos) << out.str();
}

TEST(SpdlogLog, WritesJsonAloneOnItsLine) {
  std::ostringstream out;
  const base::FakeClock clock(kPiDayNs);
  make_stream_log(out, {.json = true}, clock).value()->info("ready", {{"port", 11434}});
  EXPECT_EQ(
      out.str(),
      "{\"time\":\"2025-03-14T09:26:53.589Z\",\"level\":\"info\",\"message\":\"ready\",\"port\":11434}\n");
}

TEST(SpdlogLog, ColoursOnlyWhenAsked) {
  const base::FakeClock clock;
  const auto captured = [&](const LogOptions& options) {
    testing::internal::CaptureStderr();
    make_stderr_log(options, clock).value()->error("oops");
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_NE(captured({.colour = true}).find("\x1b["), std::string::npos);
  EXPECT_EQ(captured({}).find("\x1b["), std::string::npos);
  EXPECT_EQ(captured({.json = true, .colour = true}).find("\x1b["), std::string::npos);
}

TEST(SpdlogLog, ThreadsDoNotMixTheirLines) {
  std::ostringstream out;
  const base::SystemClock clock;
  const auto log = make_stream_log(out, {.json = true}, clock).value();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 50; ++i) log->info("line", {{"thread", t}, {"i", i}});
    });
  for (std::thread& thread : threads) thread.join();
  const std::string text = out.str();
  const auto lines = base::split(text, '\n');
  ASSERT_EQ(lines.size(), 201u);
  for (size_t i = 0; i < 200; ++i) EXPECT_TRUE(base::Json::parse(lines[i]).has_value()) << lines[i];
}

TEST(NoLog, KeepsNothing) {
  NoLog log;
  EXPECT_FALSE(log.is_on(Level::error));
  log.error("nobody hears this");
}

}  // namespace
}  // namespace telemetry
