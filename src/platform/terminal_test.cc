#include "platform/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "platform/unique_fd.h"

namespace platform {
namespace {

TEST(Terminal, AFileIsNone) {
  const UniqueFd fd(::open("/dev/null", O_RDWR));
  EXPECT_FALSE(is_terminal(fd.get()));
  EXPECT_FALSE(terminal_width(fd.get()));
  EXPECT_FALSE(wants_colour(fd.get(), {{"TERM", "xterm"}}));
}

TEST(Terminal, KnowsWidthAndColour) {
  const UniqueFd main_side(::posix_openpt(O_RDWR | O_NOCTTY));
  if (!main_side.is_open() || ::grantpt(main_side.get()) != 0 || ::unlockpt(main_side.get()) != 0)
    GTEST_SKIP() << "no pseudo-terminal to be had here";
  const UniqueFd fd(::open(::ptsname(main_side.get()), O_RDWR | O_NOCTTY));
  ASSERT_TRUE(is_terminal(fd.get()));
  const struct winsize size = {.ws_row = 24, .ws_col = 91, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(main_side.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(terminal_width(fd.get()), 91);
  EXPECT_TRUE(wants_colour(fd.get(), {{"TERM", "xterm"}}));
  EXPECT_TRUE(wants_colour(fd.get(), {{"TERM", "xterm"}, {"NO_COLOR", ""}}));
  EXPECT_FALSE(wants_colour(fd.get(), {{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  EXPECT_FALSE(wants_colour(fd.get(), {{"TERM", "dumb"}}));
  EXPECT_FALSE(wants_colour(fd.get(), {}));
}

TEST(Environment, CopiesTheProcesss) {
  ::setenv("DOMICILE_TEST_VARIABLE", "a=b", 1);
  EXPECT_EQ(find(process_environment(), "DOMICILE_TEST_VARIABLE"), "a=b");
  ::unsetenv("DOMICILE_TEST_VARIABLE");
  EXPECT_FALSE(find(process_environment(), "DOMICILE_TEST_VARIABLE"));
}

}  // namespace
}  // namespace platform
