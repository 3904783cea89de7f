#pragma once
// How a text under edit is laid out on a terminal. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace apps {

// Stands before every line but the first.
inline constexpr std::string_view kContinuation = "... ";

struct LineLayout {
  std::vector<std::string> rows;  // at least one; none is wider than the terminal
  size_t cursor_row = 0;
  int cursor_column = 0;
};

// `cursor` is a byte offset in `text`, at a character's border. Control characters are shown as '?'.
LineLayout lay_out(std::string_view prompt, std::string_view text, size_t cursor, int width);

}  // namespace apps
