#pragma once
// Time, passed to whatever needs it so that tests can turn the hands themselves.
#include <cstdint>

namespace base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes back; the zero point means nothing. For durations and deadlines.
  virtual int64_t monotonic_ns() const = 0;
  // Since 1970-01-01 00:00 UTC; may jump when the machine's clock is set. For showing and recording.
  virtual int64_t wall_ns() const = 0;

  int64_t monotonic_ms() const { return monotonic_ns() / 1'000'000; }
  int64_t wall_s() const { return wall_ns() / 1'000'000'000; }
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  int64_t monotonic_ns() const override;
  int64_t wall_ns() const override;
};

// Stands still until told otherwise. Not thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t wall_ns = 0) : wall_ns_(wall_ns) {}
  int64_t monotonic_ns() const override { return monotonic_ns_; }
  int64_t wall_ns() const override { return wall_ns_; }
  void advance_ns(int64_t duration_ns) {
    monotonic_ns_ += duration_ns;
    wall_ns_ += duration_ns;
  }
  void set_wall_ns(int64_t wall_ns) { wall_ns_ = wall_ns; }

 private:
  int64_t monotonic_ns_ = 0;
  int64_t wall_ns_;
};

}  // namespace base
