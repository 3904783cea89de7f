#pragma once
// Tokens to the text that a client sees: detokenizer, then reasoning parser, then stop search.
//
// Log-probabilities leave with the text of their token, never before it, so that they betray nothing of a
// stop string.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "chat/reasoning_parser.h"
#include "sampling/sampler.h"
#include "serving/generation.h"
#include "serving/stop_matcher.h"
#include "tokenizer/tokenizer.h"

namespace serving {

class AnswerText {
 public:
  // Borrows the tokenizer; without one no token has text.
  AnswerText(const tokenizer::Tokenizer* tokenizer, const GenerationOptions& options,
             bool starts_in_thinking);

  // Adds to `event` what became certain with one more token.
  void push(const sampling::Sampled& token, Event& event);
  // Adds the rest. Call once, after the last token.
  void finish(Event& event);

  // The stop string that ended the answer; nothing more will come.
  const std::optional<std::string>& stop_string() const { return stops_.matched(); }
  // Tokens that were thoughts, or their marks.
  int64_t reasoning_tokens() const { return reasoning_tokens_; }
  // Whether the text so far, thoughts included, has a line end.
  bool has_line_break() const { return has_line_break_; }

  TokenLogprob describe(const sampling::Sampled& token) const;

 private:
  struct Waiting {
    TokenLogprob entry;
    size_t end;  // goes out when so many bytes of the answer have gone out
  };
  struct Split {
    std::string reasoning, content;
  };
  Split split(std::string text);
  bool follow_thoughts(const Split& piece);
  void deliver(const Split& piece, Event& event);
  void await_text(const sampling::Sampled& token, size_t content_before);
  std::string bytes_of(TokenId id) const;

  const tokenizer::Tokenizer* tokenizer_;
  std::unique_ptr<tokenizer::Tokenizer::Detokenizer> detokenizer_;
  std::optional<chat::ReasoningParser> reasoning_;
  StopMatcher stops_;
  bool with_logprobs_;
  int64_t tokens_to_pass_;    // before stop strings count
  bool outside_answer_;       // in a thought, or behind one with no answer yet
  size_t content_bytes_ = 0;  // of the answer, before stop search
  int64_t reasoning_tokens_ = 0;
  bool has_line_break_ = false;
  std::deque<Waiting> waiting_;
};

}  // namespace serving
