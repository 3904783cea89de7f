#include "platform/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>

#include <thread>

#include "platform/mapped_file.h"
#include "tests/temp_dir.h"

namespace platform {
namespace {

TEST(SignalWatch, QueuesSignalsInOrder) {
  const auto watch = SignalWatch::start({SIGINT, SIGTERM}).value();
  EXPECT_FALSE(watch.take());
  ::raise(SIGTERM);
  ::raise(SIGINT);
  struct pollfd poll = {watch.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 1);
  EXPECT_EQ(watch.take(), SIGTERM);
  EXPECT_EQ(watch.take(), SIGINT);
  EXPECT_FALSE(watch.take());
}

TEST(SignalWatch, WaitsForOne) {
  const auto watch = SignalWatch::start({SIGINT}).value();
  EXPECT_FALSE(watch.wait(10));
  std::thread sender([] { ::kill(::getpid(), SIGINT); });
  EXPECT_EQ(watch.wait(10'000), SIGINT);
  sender.join();
}

int n_handled = 0;

TEST(SignalWatch, PutsBackWhatWasThere) {
  ::signal(SIGUSR1, [](int) { ++n_handled; });
  {
    const auto watch = SignalWatch::start({SIGUSR1}).value();
    ::raise(SIGUSR1);
    EXPECT_EQ(n_handled, 0);
  }
  ::raise(SIGUSR1);
  EXPECT_EQ(n_handled, 1);
  EXPECT_TRUE(SignalWatch::start({SIGUSR1}).has_value());
}

TEST(SignalsDeathTest, AShortenedMappedFileEndsInOneSentence) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const tests::TempDir dir;
  EXPECT_EXIT(
      {
        explain_bus_errors();
        const auto path = dir.write("f", std::string(100'000, 'x'));
        const auto file = MappedFile::open(path).value();
        std::filesystem::resize_file(path, 0);
        std::exit(std::to_integer<int>(file.bytes()[50'000]));
      },
      testing::ExitedWithCode(1), "error: a model file was shortened");
}

}  // namespace
}  // namespace platform
