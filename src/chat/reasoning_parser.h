#pragma once
// Splits what a reasoning model writes into its thoughts and its answer.
//
//     <think>\nthoughts\n</think>\n\nanswer        both marks in the output
//     thoughts\n</think>\n\nanswer                 the prompt ended in an open "<think>": see starts_inside()
//
// Text comes in any cut and goes out as soon as it is certain: only what may yet turn out to be (part of) a
// mark, or blanks that belong to a mark, is held back. Work is linear in the text.
//
// Trimming: line breaks and blanks directly after "<think>", before "</think>" and after it belong to neither
// part and are dropped (so do blanks at the end of thoughts that were cut). All other text is given out as it
// came: an answer without thoughts with its blanks, and a "<think>" or "</think>" anywhere but in its place,
// for a model may write about these marks. Thoughts that never end are thoughts to the last character: no
// answer is ever made of them.
#include <string>
#include <string_view>

namespace chat {

class ReasoningParser {
 public:
  struct Piece {
    std::string reasoning;
    std::string content;
  };

  // `inside`: the output begins in the middle of the thoughts.
  explicit ReasoningParser(bool inside) : state_(inside ? State::thoughts_begin : State::before) {}

  // Whether a prompt leaves the model inside of an open "<think>": its last mark is an opening one with
  // nothing but blanks behind it. That decides, not the model's name: with thinking switched off there is no
  // mark, or a closed one.
  static bool starts_inside(std::string_view prompt);

  // What became certain with this text.
  Piece push(std::string_view text);
  // The output has ended: gives out what is still held back.
  Piece finish();

  // Whether the thoughts are still going on, for an answer that was cut.
  bool inside() const { return state_ == State::thoughts_begin || state_ == State::thoughts; }

 private:
  enum class State {
    before,          // nothing but blanks so far, perhaps the beginning of "<think>"
    thoughts_begin,  // behind "<think>", nothing but blanks so far, perhaps the mark once more
    thoughts,
    content_begin,  // behind "</think>", nothing but blanks so far
    content,
  };

  bool advance(Piece& out);
  bool skip_blanks();
  bool opening_mark();
  bool thoughts(Piece& out);

  State state_;
  std::string held_;
  size_t n_blanks_ = 0;  // at the beginning of held_, not to be looked at again
};

}  // namespace chat
