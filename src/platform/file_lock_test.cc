#include "platform/file_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/temp_dir.h"

namespace platform {
namespace {

TEST(FileLock, OneHolderAtATime) {
  const tests::TempDir dir;
  auto first = FileLock::try_take(dir / "lock").value();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(FileLock::try_take(dir / "lock").value().has_value());
  first.reset();
  EXPECT_TRUE(FileLock::try_take(dir / "lock").value().has_value());
}

TEST(FileLock, WaitsUntilItIsFree) {
  const tests::TempDir dir;
  auto held = FileLock::try_take(dir / "lock").value();
  std::atomic<bool> was_asked = false;
  std::thread waiter([&] {
    const auto lock = FileLock::take(dir / "lock", [&] {
      was_asked = true;
      return true;
    });
    EXPECT_TRUE(lock.has_value());
  });
  while (!was_asked) std::this_thread::yield();
  held.reset();
  waiter.join();
}

TEST(FileLock, StopsWaitingWhenTold) {
  const tests::TempDir dir;
  const auto held = FileLock::try_take(dir / "lock").value();
  EXPECT_EQ(FileLock::take(dir / "lock", [] { return false; }).error().code, base::Code::cancelled);
}

TEST(FileLock, AnImpossiblePlaceIsAnError) {
  EXPECT_FALSE(FileLock::try_take("/no/such/folder/lock").has_value());
}

}  // namespace
}  // namespace platform
