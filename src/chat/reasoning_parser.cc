#include "chat/reasoning_parser.h"

#include <algorithm>

namespace chat {

namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kBlanks = " \t\r\n";

// The size of the longest end of `text` that is a beginning of `mark`.
size_t partial_mark_at_end(std::string_view text, std::string_view mark) {
  for (size_t size = std::min(text.size(), mark.size() - 1); size > 0; --size)
    if (text.ends_with(mark.substr(0, size))) return size;
  return 0;
}

// The size of `text` without the blanks at its end.
size_t size_without_blanks(std::string_view text) {
  return text.find_last_not_of(kBlanks) + 1;
}

}  // namespace

bool ReasoningParser::starts_inside(std::string_view prompt) {
  return prompt.substr(0, size_without_blanks(prompt)).ends_with(kOpen);
}

ReasoningParser::Piece ReasoningParser::push(std::string_view text) {
  Piece out;
  held_ += text;
  while (advance(out)) {
  }
  return out;
}

// Does what the held text allows; false when it has to wait for more.
bool ReasoningParser::advance(Piece& out) {
  switch (state_) {
    case State::before:
    case State::thoughts_begin:
      return opening_mark();
    case State::content_begin:
      if (!skip_blanks()) return false;
      state_ = State::content;
      return true;
    case State::thoughts:
      return thoughts(out);
    case State::content:
      out.content += held_;
      held_.clear();
      return false;
  }
  return false;
}

// Drops blanks at the beginning; false if there was nothing else.
bool ReasoningParser::skip_blanks() {
  const size_t begin = held_.find_first_not_of(kBlanks);
  held_.erase(0, begin);
  return !held_.empty();
}

// "<think>" at the very beginning. Behind a prompt that opened the thoughts already it may come once more.
bool ReasoningParser::opening_mark() {
  n_blanks_ = std::min(held_.find_first_not_of(kBlanks, n_blanks_), held_.size());
  const std::string_view rest = std::string_view(held_).substr(n_blanks_);
  const bool opens = rest.starts_with(kOpen);
  if (!opens && kOpen.starts_with(rest)) return false;
  if (opens || state_ == State::thoughts_begin) held_.erase(0, n_blanks_ + (opens ? kOpen.size() : 0));
  n_blanks_ = 0;
  if (state_ == State::before)
    state_ = opens ? State::thoughts_begin : State::content;
  else if (!opens)
    state_ = State::thoughts;
  return true;
}

// Held back are blanks, which go if "</think>" follows, and behind them what may become that mark.
bool ReasoningParser::thoughts(Piece& out) {
  const std::string_view held = held_;
  const size_t close = held.find(kClose, n_blanks_);
  const bool closes = close != std::string_view::npos;
  const size_t end = closes ? close : held.size() - partial_mark_at_end(held.substr(n_blanks_), kClose);
  const size_t new_text = size_without_blanks(held.substr(n_blanks_, end - n_blanks_));
  const size_t certain = new_text == 0 ? 0 : n_blanks_ + new_text;
  out.reasoning += held.substr(0, certain);
  held_.erase(0, closes ? close + kClose.size() : certain);
  n_blanks_ = closes ? 0 : end - certain;
  if (closes) state_ = State::content_begin;
  return closes;
}

ReasoningParser::Piece ReasoningParser::finish() {
  Piece out;
  if (state_ == State::thoughts || state_ == State::thoughts_begin)
    out.reasoning = held_.substr(0, size_without_blanks(held_));
  else if (state_ == State::before || state_ == State::content)
    out.content = held_;
  held_.clear();
  n_blanks_ = 0;
  return out;
}

}  // namespace chat
