#pragma once
// Bytes from a terminal to keys and text. Pure: knows no descriptor.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace apps {

enum class KeyKind {
  text,  // `text` holds one character, or a whole paste
  enter,
  newline,
  backspace,
  delete_forward,
  delete_word,
  delete_to_end,
  delete_to_start,
  left,
  right,
  word_left,
  word_right,
  home,
  end,
  up,
  down,
  interrupt,
  end_of_input,
  clear_screen,
  suspend,
  none,
};

struct Key {
  KeyKind kind = KeyKind::none;
  std::string text;
};

// Escape sequences, UTF-8 and bracketed pastes may arrive in any cut.
class KeyDecoder {
 public:
  // A key that is complete with this byte. Ctrl-C inside a paste drops the paste and is an interrupt.
  std::optional<Key> push(unsigned char byte);
  // No further byte came for a while: a lone ESC is then a key of its own, and half a character is dropped
  // (both ignored). A paste goes on until its end mark or Ctrl-C.
  void settle();
  bool in_paste() const { return in_paste_; }
  // An escape sequence or a character has begun.
  bool is_midway() const { return !escape_.empty() || !character_.empty(); }

 private:
  std::optional<Key> push_paste(unsigned char byte);
  std::optional<Key> push_escape(unsigned char byte);
  std::optional<Key> push_plain(unsigned char byte);

  std::string escape_;     // an unfinished escape sequence, ESC first
  std::string character_;  // an unfinished UTF-8 character
  std::string paste_;
  bool in_paste_ = false;
};

}  // namespace apps
