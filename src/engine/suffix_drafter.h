#pragma once
// Guesses how one sequence goes on: as it did when its end stood there before ("prompt lookup").
//
// Every token of the answer says whether the guess for it was right, drafted or not, so the guesses are
// judged without being paid for: text that does not repeat itself is never drafted after its first few
// tokens, and drafting begins again as soon as it would be right again.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/suffix_index.h"

namespace engine {

// How often guesses have come true lately.
class Acceptance {
 public:
  explicit Acceptance(double presumed) : presumed_(presumed) {}
  void count(bool was_right);
  double probability() const;

 private:
  double presumed_;
  double n_right_ = 0, n_ = 0;  // the latest count most
};

// Cheap to make; its memory grows with what it has read.
class SuffixDrafter {
 public:
  using TokenId = SuffixIndex::TokenId;

  // Reads on in the sequence's tokens, at most `most` of them; guesses for those from n_prompt on are judged.
  // Gives up for good when memory runs out. REQUIRES: tokens begin with those given before.
  void read(std::span<const TokenId> tokens, int64_t n_prompt, int64_t most);

  int64_t n_read() const { return index_.size(); }

  // Replaces `drafts` by up to `most` tokens and `probabilities` by the chances that each is right if those
  // before it are. Empty until all of `tokens` has been read.
  void draft(std::span<const TokenId> tokens, int64_t most, std::vector<TokenId>& drafts,
             std::vector<double>& probabilities) const;

 private:
  // By length of the match: a guess after one known token is right rarely, after sixteen nearly always.
  static constexpr size_t kClasses = 5;
  static size_t class_of(int64_t match_length);

  SuffixIndex index_;
  std::array<Acceptance, kClasses> acceptance_{Acceptance(0.05), Acceptance(0.15), Acceptance(0.4),
                                               Acceptance(0.75), Acceptance(0.9)};
  bool has_given_up_ = false;
};

}  // namespace engine
