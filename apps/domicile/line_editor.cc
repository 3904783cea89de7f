#include "apps/domicile/line_editor.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "apps/domicile/line_layout.h"
#include "base/strings.h"

namespace apps {

namespace {

constexpr int kEscapeMs = 50;  // an escape sequence that pauses longer is a lone ESC
constexpr int kIdleMs = 250;   // between two looks at whether the program shall end

void write_fd(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) return;
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
}

struct Screen {
  int width = 80;
  size_t height = 24;
};

Screen screen_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {std::max<int>(20, size.ws_col), std::max<size_t>(2, size.ws_row)};
}

}  // namespace

LineEditor::LineEditor(int in_fd, int out_fd, const TerminalModes& modes, const History& history,
                       std::function<bool()> wants_end)
    : in_fd_(in_fd), out_fd_(out_fd), modes_(modes), history_(history), wants_end_(std::move(wants_end)) {}

std::optional<unsigned char> LineEditor::next_byte() {
  while (n_decoded_ >= pending_.size()) {
    pollfd wait{in_fd_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, decoder_.is_midway() ? kEscapeMs : kIdleMs);
    if (wants_end_()) return std::nullopt;
    if (ready == 0) decoder_.settle();
    if (ready <= 0) continue;
    char chunk[4096];
    const ssize_t n = ::read(in_fd_, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    pending_.assign(chunk, static_cast<size_t>(n));
    n_decoded_ = 0;
  }
  return static_cast<unsigned char>(pending_[n_decoded_++]);
}

LineEditor::Input LineEditor::read(const std::string& prompt) {
  modes_.for_editing();
  prompt_ = prompt;
  buffer_.set("");
  history_index_ = history_.entries().size();
  top_row_ = cursor_row_ = 0;
  draw();
  while (const auto byte = next_byte()) {
    const std::optional<Key> key = decoder_.push(*byte);
    if (!key) continue;
    if (auto input = handle(*key)) {
      leave_drawing();
      return std::move(*input);
    }
    if (n_decoded_ >= pending_.size()) draw();
  }
  leave_drawing();
  return {Outcome::ended, {}};
}

void LineEditor::drop_typed() {
  pending_.clear();
  n_decoded_ = 0;
  decoder_ = {};
  modes_.drop_typed();
}

std::optional<LineEditor::Input> LineEditor::handle(const Key& key) {
  switch (key.kind) {
    case KeyKind::enter:
      if (buffer_.text().ends_with('\\') && buffer_.cursor() == buffer_.text().size()) {
        buffer_.erase_before();
        buffer_.insert("\n");
        return std::nullopt;
      }
      return Input{Outcome::sent, buffer_.text()};
    case KeyKind::interrupt:
      drop_typed();
      return Input{Outcome::interrupted, buffer_.text()};
    case KeyKind::end_of_input:
      if (buffer_.empty()) return Input{Outcome::ended, {}};
      buffer_.erase_after();
      break;
    case KeyKind::text:
      buffer_.insert(key.text);
      break;
    case KeyKind::clear_screen:
      write_fd(out_fd_, "\x1b[H\x1b[2J");
      top_row_ = cursor_row_ = 0;
      break;
    case KeyKind::suspend:
      modes_.suspend();
      modes_.for_editing();
      top_row_ = cursor_row_ = 0;
      break;
    default:
      edit(key.kind);
  }
  return std::nullopt;
}

void LineEditor::edit(KeyKind kind) {
  switch (kind) {
    case KeyKind::newline:
      return buffer_.insert("\n");
    case KeyKind::backspace:
      return buffer_.erase_before();
    case KeyKind::delete_forward:
      return buffer_.erase_after();
    case KeyKind::delete_word:
      return buffer_.erase_word_before();
    case KeyKind::delete_to_end:
      return buffer_.erase_to_line_end();
    case KeyKind::delete_to_start:
      return buffer_.erase_to_line_start();
    case KeyKind::left:
      return buffer_.left();
    case KeyKind::right:
      return buffer_.right();
    case KeyKind::word_left:
      return buffer_.word_left();
    case KeyKind::word_right:
      return buffer_.word_right();
    case KeyKind::home:
      return buffer_.line_start();
    case KeyKind::end:
      return buffer_.line_end();
    case KeyKind::up:
      if (!buffer_.up()) move_in_history(-1);
      return;
    case KeyKind::down:
      if (!buffer_.down()) move_in_history(+1);
      return;
    default:
      return;
  }
}

void LineEditor::move_in_history(int step) {
  const size_t n = history_.entries().size();
  if ((step < 0 && history_index_ == 0) || (step > 0 && history_index_ == n)) return;
  if (history_index_ == n) draft_ = buffer_.text();
  history_index_ += static_cast<size_t>(step);
  buffer_.set(history_index_ == n ? draft_ : history_.entries()[history_index_]);
}

// Of a text that is longer than the screen, the part around the cursor.
void LineEditor::draw() {
  const Screen screen = screen_of(out_fd_);
  const LineLayout layout = lay_out(prompt_, buffer_.text(), buffer_.cursor(), screen.width);
  std::string out = "\r";
  if (cursor_row_ > 0) out += base::cat("\x1b[", cursor_row_, "A");
  out += "\x1b[J";

  top_row_ = std::min(top_row_, layout.cursor_row);
  if (layout.cursor_row >= top_row_ + screen.height) top_row_ = layout.cursor_row + 1 - screen.height;
  const size_t end = std::min(layout.rows.size(), top_row_ + screen.height);
  for (size_t row = top_row_; row < end; ++row)
    out += base::cat(row == top_row_ ? "" : "\r\n", layout.rows[row]);
  if (end - 1 > layout.cursor_row) out += base::cat("\x1b[", end - 1 - layout.cursor_row, "A");
  out += "\r";
  if (layout.cursor_column > 0) out += base::cat("\x1b[", layout.cursor_column, "C");
  cursor_row_ = layout.cursor_row - top_row_;
  write_fd(out_fd_, out);
}

// The whole text stays above, and the cursor goes below it.
void LineEditor::leave_drawing() {
  const LineLayout layout = lay_out(prompt_, buffer_.text(), buffer_.text().size(), screen_of(out_fd_).width);
  std::string out = "\r";
  if (cursor_row_ > 0) out += base::cat("\x1b[", cursor_row_, "A");
  out += "\x1b[J";
  for (const std::string& row : layout.rows) out += row + "\r\n";
  write_fd(out_fd_, out);
}

}  // namespace apps
