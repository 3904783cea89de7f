#pragma once
// Reads one input from a terminal: editing, history, several lines, bracketed paste.
//
//   Enter sends; Ctrl-J, Alt-Enter or a backslash at the end goes on in a new line; a paste is one input.
//   Ctrl-C drops what was typed, also inside a paste whose end never comes; Ctrl-D on an empty line ends the
//   input.
#include <termios.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/domicile/key_decoder.h"
#include "apps/domicile/line_buffer.h"
#include "base/result.h"

namespace apps {

// The inputs of earlier conversations, kept in a file of the user's own (mode 0600), the oldest first.
class History {
 public:
  // A file that is missing or cannot be read is an empty history.
  explicit History(std::string path);
  void add(const std::string& text);  // not if it repeats the last one
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  std::string path_;
  std::vector<std::string> entries_;
};

class LineEditor {
 public:
  enum class Outcome { sent, interrupted, ended };
  struct Input {
    Outcome outcome = Outcome::ended;
    std::string text;
  };

  // REQUIRES: both descriptors are terminals. `wants_end` is asked a few times a second while nobody types.
  LineEditor(int in_fd, int out_fd, History& history, std::function<bool()> wants_end);
  Input read(const std::string& prompt);

 private:
  std::optional<Input> handle(const Key& key);
  void move_in_history(int step);
  void draw();
  void leave_drawing();
  std::optional<unsigned char> next_byte();

  int in_fd_, out_fd_;
  History& history_;
  std::function<bool()> wants_end_;
  std::string prompt_;
  KeyDecoder decoder_;
  LineBuffer buffer_;
  std::string draft_;  // what was typed before moving into the history
  size_t history_index_ = 0;
  int cursor_row_ = 0;   // of the drawing, from its first row
  std::string pending_;  // bytes read and not yet decoded
};

}  // namespace apps
