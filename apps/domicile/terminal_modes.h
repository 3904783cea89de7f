#pragma once
// What a terminal does with keys, for as long as a conversation lasts; the end restores what was before.
//
// In both modes keys come as they are typed, unechoed, and a paste is bracketed, so that what is typed while
// an answer runs reaches the next prompt as it was meant.
#include <termios.h>

namespace apps {

class TerminalModes {
 public:
  TerminalModes(int in_fd, int out_fd);
  ~TerminalModes();
  TerminalModes(const TerminalModes&) = delete;
  TerminalModes& operator=(const TerminalModes&) = delete;

  void for_editing() const;    // Ctrl-C is a key
  void for_answering() const;  // Ctrl-C is a signal
  // Stops the process until it is continued, with the terminal as it was before.
  void suspend() const;
  // Throws away what was typed, and what still arrives of a long paste.
  void drop_typed() const;

 private:
  void apply(bool signals) const;
  void restore() const;

  int in_fd_, out_fd_;
  termios before_{};
  bool active_ = false;
};

}  // namespace apps
