#pragma once
// Reads one input from a terminal: editing, history, several lines, bracketed paste.
//
//   Enter sends; Ctrl-J, Alt-Enter or a backslash at the end goes on in a new line; a paste is one input.
//   Ctrl-C drops what was typed, also inside a paste whose end never comes; Ctrl-D on an empty line ends the
//   input; Ctrl-Z suspends the process.
#include <functional>
#include <optional>
#include <string>

#include "apps/domicile/history.h"
#include "apps/domicile/key_decoder.h"
#include "apps/domicile/line_buffer.h"
#include "apps/domicile/terminal_modes.h"

namespace apps {

class LineEditor {
 public:
  enum class Outcome { sent, interrupted, ended };
  struct Input {
    Outcome outcome = Outcome::ended;
    std::string text;  // what was typed, sent or not
  };

  // REQUIRES: both descriptors are terminals. `wants_end` is asked a few times a second while nobody types.
  LineEditor(int in_fd, int out_fd, const TerminalModes& modes, const History& history,
             std::function<bool()> wants_end);
  Input read(const std::string& prompt);
  // Forgets what was typed ahead.
  void drop_typed();

 private:
  std::optional<Input> handle(const Key& key);
  void edit(KeyKind kind);
  void move_in_history(int step);
  void draw();
  void leave_drawing();
  std::optional<unsigned char> next_byte();

  int in_fd_, out_fd_;
  const TerminalModes& modes_;
  const History& history_;
  std::function<bool()> wants_end_;
  std::string prompt_;
  KeyDecoder decoder_;
  LineBuffer buffer_;
  std::string draft_;  // what was typed before moving into the history
  size_t history_index_ = 0;
  size_t top_row_ = 0;     // of the layout, the first that is on the screen
  size_t cursor_row_ = 0;  // from top_row_
  std::string pending_;    // bytes read and not yet decoded
  size_t n_decoded_ = 0;   // of pending_
};

}  // namespace apps
