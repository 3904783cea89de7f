#include "apps/domicile/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <csignal>
#include <thread>

#include "platform/signals.h"
#include "platform/unique_fd.h"

namespace apps {

// A thread sleeps until a signal comes or the watch ends; nothing wakes it meanwhile.
struct Interrupt::State {
  State(platform::SignalWatch watch, platform::UniqueFd end_event)
      : signals(std::move(watch)), end(std::move(end_event)), thread([this] { look(); }) {}
  ~State() {
    ::eventfd_write(end.get(), 1);
    thread.join();
  }

  void look() {
    for (;;) {
      pollfd waits[] = {{signals.fd(), POLLIN, 0}, {end.get(), POLLIN, 0}};
      ::poll(waits, std::size(waits), -1);
      if (waits[1].revents != 0) return;
      while (const auto signal = signals.take()) {
        if (*signal == SIGTERM) terminated = true;
        interrupted = true;
      }
    }
  }

  platform::SignalWatch signals;
  platform::UniqueFd end;
  std::atomic<bool> interrupted = false, terminated = false;
  std::thread thread;  // last: it uses the others
};

base::Result<Interrupt> Interrupt::watch() {
  auto signals = TRY(platform::SignalWatch::start({SIGINT, SIGTERM}));
  platform::UniqueFd end(::eventfd(0, EFD_CLOEXEC));
  if (!end.is_open()) return base::fail(base::Code::exhausted, "no file descriptor is left for signals");
  return Interrupt(std::make_unique<State>(std::move(signals), std::move(end)));
}

Interrupt::Interrupt(std::unique_ptr<State> state) : state_(std::move(state)) {}
Interrupt::Interrupt(Interrupt&&) noexcept = default;
Interrupt::~Interrupt() = default;

const std::atomic<bool>& Interrupt::flag() const {
  return state_->interrupted;
}
bool Interrupt::wants_end() const {
  return state_->terminated;
}
void Interrupt::set() const {
  state_->interrupted = true;
}
void Interrupt::clear() const {
  state_->interrupted = false;
}

}  // namespace apps
