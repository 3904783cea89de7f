#include "serving/answer_text.h"

#include <algorithm>
#include <utility>

namespace serving {

AnswerText::AnswerText(const tokenizer::Tokenizer* tokenizer, const GenerationOptions& options,
                       bool starts_in_thinking)
    : tokenizer_(tokenizer),
      detokenizer_(tokenizer ? tokenizer->make_detokenizer(options.skip_special_tokens) : nullptr),
      stops_(options.stop, options.include_stop_string),
      with_logprobs_(options.n_top_logprobs >= 0),
      tokens_to_pass_(options.min_tokens),
      outside_answer_(options.split_reasoning && starts_in_thinking) {
  if (options.split_reasoning) reasoning_.emplace(starts_in_thinking);
}

AnswerText::Split AnswerText::split(std::string text) {
  if (!reasoning_) return {{}, std::move(text)};
  auto piece = reasoning_->push(text);
  return {std::move(piece.reasoning), std::move(piece.content)};
}

void AnswerText::push(const sampling::Sampled& token, Event& event) {
  const size_t content_before = content_bytes_;
  std::string text = detokenizer_ ? detokenizer_->push(token.id) : std::string();
  has_line_break_ = has_line_break_ || text.contains('\n');
  Split piece = split(std::move(text));
  content_bytes_ += piece.content.size();
  const bool is_thought = follow_thoughts(piece);
  if (is_thought) ++reasoning_tokens_;
  if (!is_thought && with_logprobs_) await_text(token, content_before);
  deliver(piece, event);
  --tokens_to_pass_;
}

// Whether the token that brought this was a thought, a mark, or a blank between mark and answer.
bool AnswerText::follow_thoughts(const Split& piece) {
  if (!reasoning_) return false;
  const bool was_outside = outside_answer_;
  outside_answer_ = piece.content.empty() && (outside_answer_ || reasoning_->inside());
  return piece.content.empty() && (was_outside || outside_answer_);
}

void AnswerText::finish(Event& event) {
  if (stop_string()) return;
  Split piece = split(detokenizer_ ? detokenizer_->finish() : std::string());
  if (reasoning_) {
    auto rest = reasoning_->finish();
    piece.reasoning += rest.reasoning;
    piece.content += rest.content;
  }
  deliver(piece, event);
  if (stop_string()) return;
  event.content += stops_.finish();
  for (Waiting& waiting : waiting_) event.logprobs.push_back(std::move(waiting.entry));
  waiting_.clear();
}

void AnswerText::deliver(const Split& piece, Event& event) {
  event.reasoning += piece.reasoning;
  event.content += tokens_to_pass_ > 0 ? stops_.pass(piece.content) : stops_.push(piece.content);
  while (!waiting_.empty() && waiting_.front().end <= stops_.released_bytes()) {
    event.logprobs.push_back(std::move(waiting_.front().entry));
    waiting_.pop_front();
  }
}

// A token that brought no text yet (half a character, say) waits for the next byte.
void AnswerText::await_text(const sampling::Sampled& token, size_t content_before) {
  waiting_.push_back({describe(token), std::max(content_bytes_, content_before + 1)});
}

std::string AnswerText::bytes_of(TokenId id) const {
  return tokenizer_ ? tokenizer_->token_bytes(id) : std::string();
}

TokenLogprob AnswerText::describe(const sampling::Sampled& token) const {
  TokenLogprob out{token.id, bytes_of(token.id), token.logprob, {}};
  for (const sampling::TokenLogprob& other : token.top)
    out.top.push_back({other.id, bytes_of(other.id), other.logprob});
  return out;
}

}  // namespace serving
