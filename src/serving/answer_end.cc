#include "serving/answer_end.h"

#include <algorithm>
#include <utility>

namespace serving {

AnswerEnd::AnswerEnd(const GenerationOptions& options, std::vector<TokenId> stop_ids,
                     std::function<Clock::time_point()> now)
    : repetition_(options.repetition_stop),
      limit_(options.max_predict_ms),
      stop_ids_(std::move(stop_ids)),
      now_(std::move(now)) {}

EndedBy AnswerEnd::after(TokenId id, bool has_line_break) {
  tokens_.push_back(id);
  if (is_stop_id(id)) return EndedBy::stop_id;
  if (repeats_itself()) return EndedBy::repetition;
  if (limit_.count() == 0) return EndedBy::nothing;
  const Clock::time_point now = now_();
  if (!first_token_) first_token_ = now;
  return has_line_break && now - *first_token_ >= limit_ ? EndedBy::time_limit : EndedBy::nothing;
}

bool AnswerEnd::is_stop_id(TokenId id) const {
  return std::ranges::find(stop_ids_, id) != stop_ids_.end();
}

bool AnswerEnd::repeats_itself() const {
  if (repetition_.min_count < 2) return false;
  for (int64_t size = std::max<int64_t>(1, repetition_.min_size); size <= repetition_.max_size; ++size) {
    if (size > n_tokens() / repetition_.min_count) return false;
    if (ends_with_repeated(size)) return true;
  }
  return false;
}

// A text that ends with a pattern `count` times is the same as itself moved by the pattern's size.
bool AnswerEnd::ends_with_repeated(int64_t size) const {
  const auto same = tokens_.end() - size * (repetition_.min_count - 1);
  return std::equal(same, tokens_.end(), same - size);
}

}  // namespace serving
