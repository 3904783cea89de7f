#include "apps/domicile/line_editor.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "platform/atomic_file.h"
#include "platform/files.h"
#include "platform/terminal.h"

namespace apps {

namespace {

constexpr size_t kMaxHistory = 500;
constexpr uint64_t kMaxHistoryBytes = 8 << 20;
constexpr int kEscapeMs = 50;  // an escape sequence that pauses longer is a lone ESC
constexpr int kIdleMs = 250;   // between two looks at whether the program shall end
constexpr std::string_view kContinuation = "... ";

void write_fd(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) return;
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
}

// Keys one by one, unechoed, pastes bracketed; what was before is restored.
class RawMode {
 public:
  RawMode(int in_fd, int out_fd) : in_fd_(in_fd), out_fd_(out_fd) {
    if (::tcgetattr(in_fd, &before_) != 0) return;
    active_ = true;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(in_fd, TCSADRAIN, &raw);
    write_fd(out_fd_, "\x1b[?2004h");
  }
  ~RawMode() {
    write_fd(out_fd_, "\x1b[?2004l");
    if (active_) ::tcsetattr(in_fd_, TCSADRAIN, &before_);
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  int in_fd_, out_fd_;
  termios before_{};
  bool active_ = false;
};

// Where text ends up on a terminal of `width` columns.
struct Position {
  int row = 0, column = 0;
  void advance(char32_t c, int width) {
    if (c == '\n') {
      ++row;
      column = static_cast<int>(kContinuation.size());
      return;
    }
    const int w = c == '\t' ? 4 : display_width(c);
    if (column + w > width) ++row, column = 0;
    column += w;
  }
};

Position position_after(std::string_view text, Position from, int width) {
  for (size_t at = 0; at < text.size();) {
    const base::Utf8Step step = base::decode_utf8(text, at);
    from.advance(step.code_point, width);
    at += static_cast<size_t>(step.size);
  }
  return from;
}

// Fit for the terminal: line breaks start a continuation, control characters are shown as '?'.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += base::cat("\r\n", kContinuation);
    else if (c == '\t')
      out += "    ";
    else
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out;
}

}  // namespace

History::History(std::string path) : path_(std::move(path)) {
  const auto text = platform::read_file(path_, kMaxHistoryBytes);
  if (!text) return;
  for (const std::string_view line : base::split(*text, '\n')) {
    const auto entry = base::Json::parse(line);
    if (entry && entry->is_string()) entries_.push_back(entry->as_string());
  }
}

void History::add(const std::string& text) {
  if (!entries_.empty() && entries_.back() == text) return;
  entries_.push_back(text);
  if (entries_.size() > kMaxHistory) entries_.erase(entries_.begin());
  std::string file;
  for (const std::string& each : entries_) file += base::json_quote(each) + "\n";
  (void)platform::write_file_atomically(path_,
                                        base::as_bytes(file));  // losing the history is no reason to stop
}

LineEditor::LineEditor(int in_fd, int out_fd, History& history, std::function<bool()> wants_end)
    : in_fd_(in_fd), out_fd_(out_fd), history_(history), wants_end_(std::move(wants_end)) {}

std::optional<unsigned char> LineEditor::next_byte() {
  while (pending_.empty()) {
    pollfd wait{in_fd_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, decoder_.in_escape() ? kEscapeMs : kIdleMs);
    if (wants_end_()) return std::nullopt;
    if (ready == 0) decoder_.settle();
    if (ready <= 0) continue;
    char chunk[4096];
    const ssize_t n = ::read(in_fd_, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    pending_.assign(chunk, static_cast<size_t>(n));
  }
  const char byte = pending_.front();
  pending_.erase(0, 1);
  return static_cast<unsigned char>(byte);
}

LineEditor::Input LineEditor::read(const std::string& prompt) {
  const RawMode raw(in_fd_, out_fd_);
  prompt_ = prompt;
  buffer_.set("");
  history_index_ = history_.entries().size();
  cursor_row_ = 0;
  draw();
  while (const auto byte = next_byte()) {
    const std::optional<Key> key = decoder_.push(*byte);
    if (!key) continue;
    if (auto input = handle(*key)) {
      leave_drawing();
      return std::move(*input);
    }
    if (pending_.empty()) draw();
  }
  leave_drawing();
  return {Outcome::ended, {}};
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
      pending_.clear();
      return Input{Outcome::interrupted, {}};
    case KeyKind::end_of_input:
      if (buffer_.empty()) return Input{Outcome::ended, {}};
      buffer_.erase_after();
      break;
    case KeyKind::text:
      buffer_.insert(key.text);
      break;
    case KeyKind::newline:
      buffer_.insert("\n");
      break;
    case KeyKind::backspace:
      buffer_.erase_before();
      break;
    case KeyKind::delete_forward:
      buffer_.erase_after();
      break;
    case KeyKind::delete_word:
      buffer_.erase_word_before();
      break;
    case KeyKind::delete_to_end:
      buffer_.erase_to_line_end();
      break;
    case KeyKind::delete_to_start:
      buffer_.erase_to_line_start();
      break;
    case KeyKind::left:
      buffer_.left();
      break;
    case KeyKind::right:
      buffer_.right();
      break;
    case KeyKind::word_left:
      buffer_.word_left();
      break;
    case KeyKind::word_right:
      buffer_.word_right();
      break;
    case KeyKind::home:
      buffer_.line_start();
      break;
    case KeyKind::end:
      buffer_.line_end();
      break;
    case KeyKind::up:
      if (!buffer_.up()) move_in_history(-1);
      break;
    case KeyKind::down:
      if (!buffer_.down()) move_in_history(+1);
      break;
    case KeyKind::clear_screen:
      write_fd(out_fd_, "\x1b[H\x1b[2J");
      cursor_row_ = 0;
      break;
    case KeyKind::none:
      break;
  }
  return std::nullopt;
}

void LineEditor::move_in_history(int step) {
  const size_t n = history_.entries().size();
  if ((step < 0 && history_index_ == 0) || (step > 0 && history_index_ == n)) return;
  if (history_index_ == n) draft_ = buffer_.text();
  history_index_ += static_cast<size_t>(step);
  buffer_.set(history_index_ == n ? draft_ : history_.entries()[history_index_]);
}

void LineEditor::draw() {
  const int width = std::max(20, platform::terminal_width(out_fd_).value_or(80));
  std::string out = "\r";
  if (cursor_row_ > 0) out += base::cat("\x1b[", cursor_row_, "A");
  out += base::cat("\x1b[J", prompt_, shown(buffer_.text()));

  const Position start = position_after(prompt_, {}, width);
  Position end = position_after(buffer_.text(), start, width);
  Position cursor =
      position_after(std::string_view(buffer_.text()).substr(0, buffer_.cursor()), start, width);
  if (end.column >= width) {  // the terminal waits at its edge: take it to the next row
    out += "\r\n";
    ++end.row, end.column = 0;
  }
  if (cursor.column >= width) ++cursor.row, cursor.column = 0;
  if (end.row > cursor.row) out += base::cat("\x1b[", end.row - cursor.row, "A");
  out += "\r";
  if (cursor.column > 0) out += base::cat("\x1b[", cursor.column, "C");
  cursor_row_ = cursor.row;
  write_fd(out_fd_, out);
}

// The cursor goes below the drawing.
void LineEditor::leave_drawing() {
  buffer_.set(buffer_.text());
  draw();
  write_fd(out_fd_, "\r\n");
}

}  // namespace apps
