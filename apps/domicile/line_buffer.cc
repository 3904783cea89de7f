#include "apps/domicile/line_buffer.h"

#include <unicode/uchar.h>

#include <algorithm>

namespace apps {

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

}  // namespace

void LineBuffer::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

void LineBuffer::insert(std::string_view text) {
  text_.insert(cursor_, text);
  cursor_ += text.size();
}

size_t LineBuffer::previous(size_t at) const {
  if (at == 0) return 0;
  --at;
  while (at > 0 && is_continuation(text_[at])) --at;
  return at;
}

size_t LineBuffer::next(size_t at) const {
  if (at >= text_.size()) return text_.size();
  ++at;
  while (at < text_.size() && is_continuation(text_[at])) ++at;
  return at;
}

size_t LineBuffer::start_of_line(size_t at) const {
  const size_t newline = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

size_t LineBuffer::end_of_line(size_t at) const {
  return std::min(text_.find('\n', at), text_.size());
}

void LineBuffer::erase_before() {
  const size_t from = previous(cursor_);
  text_.erase(from, cursor_ - from);
  cursor_ = from;
}

void LineBuffer::erase_after() {
  text_.erase(cursor_, next(cursor_) - cursor_);
}

void LineBuffer::erase_word_before() {
  const size_t end = cursor_;
  word_left();
  text_.erase(cursor_, end - cursor_);
}

void LineBuffer::erase_to_line_end() {
  text_.erase(cursor_, end_of_line(cursor_) - cursor_);
}

void LineBuffer::erase_to_line_start() {
  const size_t from = start_of_line(cursor_);
  text_.erase(from, cursor_ - from);
  cursor_ = from;
}

void LineBuffer::left() {
  cursor_ = previous(cursor_);
}
void LineBuffer::right() {
  cursor_ = next(cursor_);
}

void LineBuffer::word_left() {
  while (cursor_ > 0 && is_blank(text_[cursor_ - 1])) --cursor_;
  while (cursor_ > 0 && !is_blank(text_[cursor_ - 1])) --cursor_;
}

void LineBuffer::word_right() {
  while (cursor_ < text_.size() && is_blank(text_[cursor_])) ++cursor_;
  while (cursor_ < text_.size() && !is_blank(text_[cursor_])) ++cursor_;
}

void LineBuffer::line_start() {
  cursor_ = start_of_line(cursor_);
}
void LineBuffer::line_end() {
  cursor_ = end_of_line(cursor_);
}

size_t LineBuffer::column() const {
  const size_t start = start_of_line(cursor_);
  return static_cast<size_t>(std::count_if(text_.begin() + static_cast<ptrdiff_t>(start),
                                           text_.begin() + static_cast<ptrdiff_t>(cursor_),
                                           [](char c) { return !is_continuation(c); }));
}

size_t LineBuffer::at_column(size_t line_start, size_t n_characters) const {
  size_t at = line_start;
  const size_t end = end_of_line(line_start);
  while (n_characters-- > 0 && at < end) at = next(at);
  return at;
}

bool LineBuffer::up() {
  const size_t start = start_of_line(cursor_);
  if (start == 0) return false;
  cursor_ = at_column(start_of_line(start - 1), column());
  return true;
}

bool LineBuffer::down() {
  const size_t end = end_of_line(cursor_);
  if (end == text_.size()) return false;
  cursor_ = at_column(end + 1, column());
  return true;
}

int display_width(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  const int8_t type = u_charType(c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
  const int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

}  // namespace apps
