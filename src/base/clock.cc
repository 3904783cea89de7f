#include "base/clock.h"

#include <chrono>

namespace base {
namespace {

template <class TimePoint>
int64_t ns_since_epoch(TimePoint now) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
}

}  // namespace

int64_t SystemClock::monotonic_ns() const {
  return ns_since_epoch(std::chrono::steady_clock::now());
}
int64_t SystemClock::wall_ns() const {
  return ns_since_epoch(std::chrono::system_clock::now());
}

}  // namespace base
