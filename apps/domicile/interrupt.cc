#include "apps/domicile/interrupt.h"

#include <csignal>

#include "platform/signals.h"

namespace apps {

namespace {

constexpr int kWaitMs = 100;  // how soon the watching thread notices that it is no longer needed

}  // namespace

struct Interrupt::State {
  explicit State(platform::SignalWatch watch) : signals(std::move(watch)) {
    thread = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const auto signal = signals.wait(kWaitMs);
        if (!signal) continue;
        if (*signal == SIGTERM) terminated = true;
        interrupted = true;
      }
    });
  }
  platform::SignalWatch signals;
  std::atomic<bool> interrupted = false, terminated = false;
  std::jthread thread;  // last: it uses the others
};

base::Result<Interrupt> Interrupt::watch() {
  return Interrupt(std::make_unique<State>(TRY(platform::SignalWatch::start({SIGINT, SIGTERM}))));
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
void Interrupt::clear() const {
  state_->interrupted = false;
}

}  // namespace apps
