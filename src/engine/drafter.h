#pragma once
// Somebody who guesses how sequences go on, asked where their own past has no answer.
//
// Guesses are free to be wrong: the engine takes from them only what it would have said itself.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace engine {

class Drafter {
 public:
  virtual ~Drafter() = default;

  struct Wanted {
    RequestId id{};
    std::string_view salt;                   // nothing is shared across salts
    std::span<const TokenId> tokens;         // the sequence so far: what was given before, and more
    std::vector<TokenId>* drafts = nullptr;  // the answer: up to `most` tokens, perhaps none
  };
  // Called between steps on the engine's thread.
  virtual void draft(std::span<const Wanted> wanted, int64_t most) = 0;

  // The sequence has ended, or waits for pages.
  virtual void forget(RequestId id) = 0;

  // What one more token for all of the last call's sequences takes; 0: not known, or nothing.
  virtual double seconds_per_token() const = 0;
};

}  // namespace engine
