#pragma once
// Text under edit and the cursor in it: whole characters, several lines. Pure.
#include <string>
#include <string_view>

namespace apps {

class LineBuffer {
 public:
  const std::string& text() const { return text_; }
  size_t cursor() const { return cursor_; }  // byte offset, at a character's border
  bool empty() const { return text_.empty(); }

  void set(std::string text);  // cursor at the end
  void insert(std::string_view text);
  void erase_before();
  void erase_after();
  void erase_word_before();
  void erase_to_line_end();
  void erase_to_line_start();
  void left();
  void right();
  void word_left();
  void word_right();
  void line_start();
  void line_end();
  // One line up or down at about the same column. False: there is none.
  bool up();
  bool down();

 private:
  size_t previous(size_t at) const;  // border before `at`
  size_t next(size_t at) const;
  size_t start_of_line(size_t at) const;
  size_t end_of_line(size_t at) const;
  size_t at_column(size_t line_start, size_t n_characters) const;
  size_t column() const;

  std::string text_;
  size_t cursor_ = 0;
};

// Columns that a terminal gives a character: 0 combining marks, 2 wide ones (Han, Kana, Hangul), else 1.
int display_width(char32_t code_point);

}  // namespace apps
