#pragma once
// Signals as something to wait for, instead of code that runs at any moment.
#include <signal.h>

#include <initializer_list>
#include <optional>
#include <vector>

#include "base/result.h"
#include "platform/unique_fd.h"

namespace platform {

// While one exists, the given signals are queued for it instead of doing what they usually do; afterwards
// what was in force before is again. Works whichever thread a signal reaches. At most one at a time in a
// process.
class SignalWatch {
 public:
  // SignalWatch::start({SIGINT, SIGTERM})
  [[nodiscard]] static base::Result<SignalWatch> start(std::initializer_list<int> signals);
  SignalWatch(SignalWatch&&) noexcept = default;
  SignalWatch& operator=(SignalWatch&&) = delete;
  ~SignalWatch();

  // Readable (poll, epoll, Asio) while a signal waits.
  int fd() const { return read_end_.get(); }
  // The next signal, oldest first; nothing if none came. Does not wait.
  std::optional<int> take() const;
  // The same, waiting up to `timeout_ms`; negative waits for ever.
  std::optional<int> wait(int timeout_ms) const;

 private:
  struct Saved {
    int signal;
    struct sigaction before;
  };
  SignalWatch(UniqueFd read_end, UniqueFd write_end);

  UniqueFd read_end_, write_end_;
  std::vector<Saved> saved_;
};

// A peer that closes its connection is an error of write(), not the end of the process.
void ignore_broken_pipes();

// Touching a mapped file's pages after somebody shortened the file ends the process with one sentence and
// status 1, instead of a bare "Bus error".
void explain_bus_errors();

}  // namespace platform
