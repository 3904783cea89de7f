#include "platform/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "platform/os_error.h"

namespace platform {
namespace {

// A handler can reach nothing but a static. -1 while nobody watches.
std::atomic<int> watch_write_end{-1};

void queue_signal(int signal) {
  const int saved_errno = errno;
  const unsigned char byte = static_cast<unsigned char>(signal);
  // A full pipe already holds thousands of signals; one more tells nothing new.
  if (const int fd = watch_write_end.load(); fd >= 0) [[maybe_unused]]
    const ssize_t n = ::write(fd, &byte, 1);
  errno = saved_errno;
}

void explain_and_exit(int) {
  constexpr std::string_view kMessage =
      "error: a model file was shortened or its disk failed while it was in use; load it again\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  ::_exit(1);
}

}  // namespace

SignalWatch::SignalWatch(UniqueFd read_end, UniqueFd write_end)
    : read_end_(std::move(read_end)), write_end_(std::move(write_end)) {}

base::Result<SignalWatch> SignalWatch::start(std::initializer_list<int> signals) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return os_error("make", "a pipe for signals", errno);
  SignalWatch watch((UniqueFd(ends[0])), UniqueFd(ends[1]));
  CHECK(watch_write_end.exchange(watch.write_end_.get()) == -1);
  for (const int signal : signals) {
    struct sigaction action = {};
    action.sa_handler = queue_signal;
    action.sa_flags = SA_RESTART;
    struct sigaction before;
    CHECK(::sigaction(signal, &action, &before) == 0);
    watch.saved_.push_back({signal, before});
  }
  return watch;
}

SignalWatch::~SignalWatch() {
  if (!write_end_.is_open()) return;  // moved from
  for (const Saved& saved : saved_) ::sigaction(saved.signal, &saved.before, nullptr);
  watch_write_end.store(-1);
}

std::optional<int> SignalWatch::take() const {
  unsigned char byte;
  ssize_t n;
  do {
    n = ::read(read_end_.get(), &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) return std::nullopt;
  return byte;
}

std::optional<int> SignalWatch::wait(int timeout_ms) const {
  const base::SystemClock clock;
  const int64_t deadline_ms = clock.monotonic_ms() + timeout_ms;
  for (;;) {
    if (const auto signal = take()) return signal;
    const int64_t left_ms = timeout_ms < 0 ? -1 : deadline_ms - clock.monotonic_ms();
    if (timeout_ms >= 0 && left_ms <= 0) return std::nullopt;
    struct pollfd poll = {read_end_.get(), POLLIN, 0};
    ::poll(&poll, 1, static_cast<int>(left_ms));
  }
}

void ignore_broken_pipes() {
  ::signal(SIGPIPE, SIG_IGN);
}

void explain_bus_errors() {
  struct sigaction action = {};
  action.sa_handler = explain_and_exit;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace platform
