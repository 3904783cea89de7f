#include "platform/process.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/temp_dir.h"

namespace platform {
namespace {

ProgramRun shell(const std::string& script) {
  return {.arguments = {"sh", "-c", script},
          .environment = {{"PATH", "/usr/bin:/bin"}, {"GREETING", "hello"}}};
}

TEST(Process, GivesOutputAndStatus) {
  const auto outcome = run_program(shell("echo $GREETING; echo oops >&2; cat; exit 3")).value();
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_EQ(outcome.output, "hello\noops\n");
}

TEST(Process, ASignalIsAStatusToo) {
  const auto killed = run_program(shell("kill -9 $$")).value();
  EXPECT_EQ(killed.exit_status, 137);
  EXPECT_EQ(killed.signal, 9);
  const auto exited = run_program(shell("exit 137")).value();
  EXPECT_EQ(exited.exit_status, 137);
  EXPECT_EQ(exited.signal, 0);
}

TEST(Process, KeepsErrorsApartIfAsked) {
  ProgramRun run = shell("yes result | head -n 50000; yes oops | head -n 50000 >&2; echo end");
  run.separate_errors = true;
  const auto outcome = run_program(run).value();
  EXPECT_TRUE(outcome.output.ends_with("result\nend\n"));
  EXPECT_EQ(outcome.output.find("oops"), std::string::npos);
  EXPECT_EQ(outcome.errors.size(), 64u * 1024);
  EXPECT_TRUE(outcome.errors.ends_with("oops\n"));
}

TEST(Process, KeepsTheEndOfALongOutput) {
  const auto outcome = run_program(shell("yes | head -c 500000; echo the end")).value();
  EXPECT_EQ(outcome.output.size(), 64u * 1024);
  EXPECT_TRUE(outcome.output.ends_with("the end\n"));
}

TEST(Process, EndsWhenTold) {
  ProgramRun run = shell("sleep 100; echo done");
  run.go_on = [] { return false; };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run_program(run).error().code, base::Code::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Process, DoesNotWaitForGrandchildren) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run_program(shell("sleep 20 & echo started"))->output, "started\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Process, AMissingProgramIsNamed) {
  const auto result = run_program({.arguments = {"no-such-program"}, .environment = {{"PATH", "/usr/bin"}}});
  EXPECT_EQ(result.error().message, "there is no program 'no-such-program' along PATH");
}

TEST(Process, FindsProgramsAlongThePathOnly) {
  const tests::TempDir dir;
  const auto plain = dir.write("tool", "#!/bin/sh\n");
  const Environment environment = {{"PATH", "/nowhere:" + dir.path().native()}};
  EXPECT_FALSE(find_program("tool", environment));
  std::filesystem::permissions(plain, std::filesystem::perms::owner_all);
  EXPECT_EQ(find_program("tool", environment), plain.native());
  EXPECT_FALSE(find_program("sh", environment));
}

}  // namespace
}  // namespace platform
