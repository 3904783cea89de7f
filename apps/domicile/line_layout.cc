#include "apps/domicile/line_layout.h"

#include "apps/domicile/line_buffer.h"
#include "base/utf8.h"

namespace apps {

namespace {

constexpr int kTabColumns = 4;

class Rows {
 public:
  explicit Rows(int width) : width_(width) {}

  void put(std::string_view shown, int columns) {
    if (column_ + columns > width_) new_row();
    layout_.rows.back() += shown;
    column_ += columns;
  }
  void new_row() {
    layout_.rows.emplace_back();
    column_ = 0;
  }
  // A cursor behind a full row stands in the next one.
  void mark_cursor() {
    if (column_ >= width_) new_row();
    layout_.cursor_row = layout_.rows.size() - 1;
    layout_.cursor_column = column_;
  }
  LineLayout take() { return std::move(layout_); }

 private:
  int width_, column_ = 0;
  LineLayout layout_{.rows = {""}};
};

void put_character(Rows& rows, std::string_view bytes, char32_t c) {
  if (c == '\t')
    rows.put(std::string(kTabColumns, ' '), kTabColumns);
  else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
    rows.put("?", 1);
  else if (c == 0xfffd)
    rows.put("\xef\xbf\xbd", 1);  // also for bytes that are no character
  else
    rows.put(bytes, display_width(c));
}

void put_text(Rows& rows, std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const base::Utf8Step step = base::decode_utf8(text, at);
    const auto size = static_cast<size_t>(step.size);
    if (step.code_point == '\n') {
      rows.new_row();
      put_text(rows, kContinuation);
    } else {
      put_character(rows, text.substr(at, size), step.code_point);
    }
    at += size;
  }
}

}  // namespace

LineLayout lay_out(std::string_view prompt, std::string_view text, size_t cursor, int width) {
  Rows rows(width);
  put_text(rows, prompt);
  put_text(rows, text.substr(0, cursor));
  rows.mark_cursor();
  put_text(rows, text.substr(cursor));
  return rows.take();
}

}  // namespace apps
