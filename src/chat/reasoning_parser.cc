#include "chat/reasoning_parser.h"

#include <algorithm>
#include <utility>

namespace chat {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kBlank = " \t\r\n";

size_t leading_blanks(std::string_view text) {
  return std::min(text.find_first_not_of(kBlank), text.size());
}

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

bool may_become(std::string_view text, std::string_view mark) {
  return text.size() < mark.size() && mark.starts_with(text);
}

// Bytes at the end of `text` that may yet turn out to be a mark, or blanks in front of one.
size_t undecided_bytes(std::string_view text, std::string_view mark) {
  size_t n = std::min(text.size(), mark.size() - 1);
  while (n > 0 && !text.ends_with(mark.substr(0, n))) --n;
  const std::string_view decided = text.substr(0, text.size() - n);
  return text.size() - without_trailing_blanks(decided).size();
}

}  // namespace

ReasoningParser::ReasoningParser(bool starts_in_thinking)
    : state_(starts_in_thinking ? State::thinking : State::beginning) {}

ReasoningParser::Piece ReasoningParser::push(std::string_view text) {
  Piece piece;
  held_ += text;
  bool changed = true;
  while (changed) {
    if (state_ == State::answering) {
      piece.content += std::exchange(held_, {});
      return piece;
    }
    changed = state_ == State::thinking ? look_for_close(piece) : look_for_open(piece);
  }
  return piece;
}

ReasoningParser::Piece ReasoningParser::finish() {
  Piece piece;
  std::string rest = std::exchange(held_, {});
  if (state_ == State::thinking)
    piece.reasoning = without_trailing_blanks(rest);
  else if (state_ != State::after_thought || leading_blanks(rest) < rest.size())
    piece.content = std::move(rest);
  return piece;
}

bool ReasoningParser::look_for_open(Piece&) {
  const size_t blanks = leading_blanks(held_);
  const std::string_view text = std::string_view(held_).substr(blanks);
  if (text.empty() || may_become(text, kOpen)) return false;
  if (text.starts_with(kOpen)) {
    held_.erase(0, blanks + kOpen.size());
    thought_has_text_ = false;
    state_ = State::thinking;
    return true;
  }
  if (state_ == State::after_thought) held_.erase(0, blanks);
  state_ = State::answering;
  return true;
}

// Some models open a thought that the prompt has opened already. Whether it is too early to tell.
bool ReasoningParser::skip_open_within_thought() {
  held_.erase(0, leading_blanks(held_));
  if (held_.starts_with(kOpen)) {
    held_.erase(0, kOpen.size());
    held_.erase(0, leading_blanks(held_));
  }
  return may_become(held_, kOpen);
}

bool ReasoningParser::look_for_close(Piece& piece) {
  if (!thought_has_text_ && skip_open_within_thought()) return false;
  const size_t close = held_.find(kClose);
  const size_t end = close != std::string::npos ? close : held_.size() - undecided_bytes(held_, kClose);
  const std::string_view thought = std::string_view(held_).substr(0, end);
  piece.reasoning += close != std::string::npos ? without_trailing_blanks(thought) : thought;
  thought_has_text_ = thought_has_text_ || end > 0;
  held_.erase(0, close != std::string::npos ? close + kClose.size() : end);
  if (close == std::string::npos) return false;
  state_ = State::after_thought;
  return true;
}

}  // namespace chat
