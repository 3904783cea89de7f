#include "apps/domicile/output.h"

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

}  // namespace

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

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), is_terminal_(platform::is_terminal(STDERR_FILENO)), started_ms_(now_ms()) {}

ProgressBar::~ProgressBar() {
  if (shown_) write_all(STDERR_FILENO, "\r\x1b[K");
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
  bar += base::cat("] ", base::format_bytes(done), " of ", base::format_bytes(total));
  write_all(STDERR_FILENO, bar);
}

}  // namespace apps
