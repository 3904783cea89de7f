#pragma once
// Ctrl-C as a flag that long work looks at.
#include <atomic>
#include <memory>

#include "base/result.h"

namespace apps {

// While one exists, SIGINT and SIGTERM set the flag instead of ending the process.
class Interrupt {
 public:
  static base::Result<Interrupt> watch();
  Interrupt(Interrupt&&) noexcept;
  ~Interrupt();

  const std::atomic<bool>& flag() const;
  bool is_set() const { return flag(); }
  // SIGTERM came, so that a conversation ends too.
  bool wants_end() const;
  void set() const;  // as if Ctrl-C were pressed
  void clear() const;

 private:
  struct State;
  explicit Interrupt(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace apps
