#include "base/clock.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Clock, TheSystemsClocksMoveForward) {
  const SystemClock clock;
  const int64_t before_ns = clock.monotonic_ns();
  EXPECT_GE(clock.monotonic_ns(), before_ns);
  EXPECT_GT(clock.wall_s(), 1'700'000'000);  // November 2023
}

TEST(Clock, TheFakeMovesOnlyWhenTold) {
  FakeClock clock(5'000'000'000);
  EXPECT_EQ(clock.monotonic_ns(), clock.monotonic_ns());
  clock.advance_ns(2'000'000'000);
  EXPECT_EQ(clock.monotonic_ms(), 2000);
  EXPECT_EQ(clock.wall_s(), 7);
  clock.set_wall_ns(0);
  EXPECT_EQ(clock.monotonic_ms(), 2000);
}

}  // namespace
}  // namespace base
