#pragma once
// Splits an answer that arrives in pieces into thoughts and answer: what stands between <think> and </think>,
// and the rest.
//
//   beginning --<think>--> thinking --</think>--> after thought --any other text--> answering
//                              ^---------<think>---------'
//
// A mark counts only where the picture has it: an answer that mentions <think> in passing stays as it is.
// White space beside the marks is dropped. What may yet become a mark is held back; an unclosed thought never
// becomes answer.
#include <string>
#include <string_view>

namespace chat {

class ReasoningParser {
 public:
  // `starts_in_thinking`: the prompt already opened the thought.
  explicit ReasoningParser(bool starts_in_thinking);

  struct Piece {
    std::string reasoning, content;
  };
  // Takes whole characters; gives out what became certain.
  Piece push(std::string_view text);
  // The text has ended: what was held back.
  Piece finish();

  // The text so far ends in a thought, or right behind one.
  bool is_outside_answer() const { return state_ == State::thinking || state_ == State::after_thought; }

 private:
  enum class State { beginning, thinking, after_thought, answering };
  // Each returns whether the state has changed, so that what is held is to be looked at again.
  bool look_for_open(Piece& piece);
  bool skip_open_within_thought();
  bool look_for_close(Piece& piece);

  State state_;
  bool thought_has_text_ = false;
  std::string held_;
};

}  // namespace chat
