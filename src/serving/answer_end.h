#pragma once
// Why an answer ends besides its stop strings and the engine's limits: a stop id, a repetition, its time.
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "serving/generation.h"

namespace serving {

class AnswerEnd {
 public:
  using Clock = std::chrono::steady_clock;

  // `stop_ids`: the model's own and the request's. `now` for tests.
  AnswerEnd(const GenerationOptions& options, std::vector<TokenId> stop_ids,
            std::function<Clock::time_point()> now = Clock::now);

  // One more token of the answer, after which it has a line break or not. Returns what ends the answer with
  // it, EndedBy::nothing if it goes on.
  EndedBy after(TokenId id, bool has_line_break);

  bool is_stop_id(TokenId id) const;
  int64_t n_tokens() const { return static_cast<int64_t>(tokens_.size()); }

 private:
  bool repeats_itself() const;
  bool ends_with_repeated(int64_t size) const;

  const RepetitionStop repetition_;
  const std::chrono::milliseconds limit_;
  const std::vector<TokenId> stop_ids_;
  const std::function<Clock::time_point()> now_;
  std::optional<Clock::time_point> first_token_;
  std::vector<TokenId> tokens_;
};

}  // namespace serving
