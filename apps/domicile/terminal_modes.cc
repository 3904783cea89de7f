#include "apps/domicile/terminal_modes.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string_view>

namespace apps {

namespace {

constexpr std::string_view kBracketPastes = "\x1b[?2004h", kPlainPastes = "\x1b[?2004l";
constexpr int kQuietMs = 30;                        // a paste that pauses longer is over
constexpr auto kMaxDrop = std::chrono::seconds(2);  // somebody who keeps typing is heard again

}  // namespace

TerminalModes::TerminalModes(int in_fd, int out_fd) : in_fd_(in_fd), out_fd_(out_fd) {
  active_ = ::tcgetattr(in_fd, &before_) == 0;
}

TerminalModes::~TerminalModes() {
  restore();
}

void TerminalModes::apply(bool signals) const {
  if (!active_) return;
  termios modes = before_;
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
  modes.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
  modes.c_cc[VMIN] = 1;
  modes.c_cc[VTIME] = 0;
  if (signals) {
    modes.c_lflag |= ISIG;
    modes.c_cc[VQUIT] = _POSIX_VDISABLE;  // it would end the process before anything is restored
    modes.c_cc[VSUSP] = _POSIX_VDISABLE;  // likewise
  }
  ::tcsetattr(in_fd_, TCSADRAIN, &modes);
  (void)!::write(out_fd_, kBracketPastes.data(), kBracketPastes.size());
}

void TerminalModes::for_editing() const {
  apply(/*signals=*/false);
}
void TerminalModes::for_answering() const {
  apply(/*signals=*/true);
}

void TerminalModes::restore() const {
  if (!active_) return;
  (void)!::write(out_fd_, kPlainPastes.data(), kPlainPastes.size());
  ::tcsetattr(in_fd_, TCSADRAIN, &before_);
}

void TerminalModes::suspend() const {
  restore();
  ::raise(SIGTSTP);
}

void TerminalModes::drop_typed() const {
  ::tcflush(in_fd_, TCIFLUSH);
  const auto end = std::chrono::steady_clock::now() + kMaxDrop;
  char dropped[4096];
  while (std::chrono::steady_clock::now() < end) {
    pollfd wait{in_fd_, POLLIN, 0};
    if (::poll(&wait, 1, kQuietMs) <= 0 || ::read(in_fd_, dropped, sizeof dropped) <= 0) return;
  }
}

}  // namespace apps
