#include "platform/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace platform {

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

std::optional<int> terminal_width(int fd) {
  struct winsize size;
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

bool wants_colour(int fd, const Environment& environment) {
  const bool declined = !find(environment, "NO_COLOR").value_or("").empty();
  return is_terminal(fd) && !declined && find(environment, "TERM").value_or("dumb") != "dumb";
}

}  // namespace platform
