#include "apps/domicile/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "base/strings.h"
#include "base/utf8.h"
#include "platform/terminal.h"

namespace apps {

namespace {

constexpr int64_t kQuietMs = 1000, kRedrawMs = 100;

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string amount(uint64_t n, ProgressBar::Unit unit) {
  return unit == ProgressBar::Unit::bytes ? base::format_bytes(n) : base::cat(n);
}

}  // namespace

void ensure_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // open() takes the lowest free number, which is `fd`. What is written to a closed stdout must fail.
    (void)::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

base::Status print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return {};
  return base::fail(base::Code::io_error, base::cat("writing the output failed: ", std::strerror(errno)));
}

base::Status print_json(const base::Json& value) {
  return print(value.write() + "\n");
}

void print_error(std::string_view message) {
  write_all(STDERR_FILENO, base::cat("domicile: ", base::printable(message, 2000), "\n"));
}

void print_note(std::string_view message) {
  write_all(STDERR_FILENO, base::printable(message, 2000) + "\n");
}

ProgressBar::ProgressBar(std::string label, Unit unit)
    : label_(std::move(label)),
      unit_(unit),
      is_terminal_(platform::is_terminal(STDERR_FILENO)),
      started_ms_(now_ms()) {}

void ProgressBar::clear() {
  if (shown_) write_all(STDERR_FILENO, "\r\x1b[K");
  shown_ = false;
}

void ProgressBar::update(uint64_t done, uint64_t total) {
  const int64_t now = now_ms();
  if (!is_terminal_ || now - started_ms_ < kQuietMs || now - shown_ms_ < kRedrawMs || total == 0) return;
  shown_ms_ = now;
  shown_ = true;
  constexpr uint64_t kWidth = 30;
  const uint64_t filled = std::min(kWidth, done * kWidth / total);
  std::string bar = base::cat("\r\x1b[K", label_, " [");
  for (uint64_t i = 0; i < kWidth; ++i) bar += i < filled ? '=' : ' ';
  bar += base::cat("] ", amount(done, unit_), " of ", amount(total, unit_),
                   unit_ == Unit::tokens ? " tokens" : "");
  write_all(STDERR_FILENO, bar);
}

}  // namespace apps
