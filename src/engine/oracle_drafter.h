#pragma once
// A drafter for tests that knows what will be said, and lies as told.
#include <algorithm>
#include <mutex>
#include <random>
#include <set>
#include <vector>

#include "engine/drafter.h"

namespace engine {

class OracleDrafter final : public Drafter {
 public:
  enum class Kind {
    right,        // always
    wrong,        // in every token
    sometimes,    // right, with wrong tokens in between
    nonsense,     // ids that do not exist
    unstoppable,  // right, and far more than was asked for
  };
  explicit OracleDrafter(Kind kind) : kind_(kind) {}

  // A prompt and its whole answer.
  void learn(std::vector<TokenId> text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
  }

  void draft(std::span<const Wanted> wanted, int64_t most) override {
    const std::lock_guard lock(mutex_);
    for (const Wanted& w : wanted) {
      seen_.insert(w.id);
      for (const auto& text : texts_) {
        if (text.size() <= w.tokens.size() || !std::equal(w.tokens.begin(), w.tokens.end(), text.begin()))
          continue;
        const size_t n_asked = static_cast<size_t>(kind_ == Kind::unstoppable ? 100 : most);
        const size_t n = std::min(n_asked, text.size() - w.tokens.size());
        for (size_t i = 0; i < n; ++i) w.drafts->push_back(bent(text[w.tokens.size() + i]));
        break;
      }
    }
  }
  void forget(RequestId id) override {
    const std::lock_guard lock(mutex_);
    seen_.erase(id);
  }
  double seconds_per_token() const override { return 0; }

  // Sequences that were asked for and not forgotten.
  size_t n_remembered() {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }

 private:
  TokenId bent(TokenId right) {
    switch (kind_) {
      case Kind::right:
      case Kind::unstoppable:
        return right;
      case Kind::wrong:
        return right == 0 ? 1 : right - 1;
      case Kind::sometimes:
        return random_() % 4 == 0 ? right / 2 : right;
      case Kind::nonsense:
        return random_() % 2 == 0 ? -1 - right : INT32_MAX - right;
    }
    return right;
  }

  const Kind kind_;
  std::mutex mutex_;
  std::mt19937 random_{3};
  std::vector<std::vector<TokenId>> texts_;
  std::set<RequestId> seen_;
};

}  // namespace engine
