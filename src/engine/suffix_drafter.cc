#include "engine/suffix_drafter.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace engine {

namespace {

constexpr double kPresumedWeight = 2;  // counts as so many guesses
constexpr double kRemembered = 0.95;   // of the past, with each new guess: the last 20 count

}  // namespace

void Acceptance::count(bool was_right) {
  n_ = kRemembered * n_ + 1;
  n_right_ = kRemembered * n_right_ + (was_right ? 1 : 0);
}

double Acceptance::probability() const {
  return (n_right_ + kPresumedWeight * presumed_) / (n_ + kPresumedWeight);
}

size_t SuffixDrafter::class_of(int64_t match_length) {
  const auto n_bits = static_cast<size_t>(std::bit_width(static_cast<uint64_t>(match_length)));
  return std::min(n_bits, kClasses) - 1;  // 1, 2 to 3, 4 to 7, 8 to 15, 16 and more
}

void SuffixDrafter::read(std::span<const TokenId> tokens, int64_t n_prompt, int64_t most) {
  if (has_given_up_) return;
  const int64_t end = std::min(std::ssize(tokens), index_.size() + most);
  try {
    for (int64_t i = index_.size(); i < end; ++i) {
      const TokenId token = tokens[static_cast<size_t>(i)];
      const SuffixIndex::Match match = index_.match();
      if (i >= n_prompt && match.length > 0)
        acceptance_[class_of(match.length)].count(tokens[static_cast<size_t>(match.next)] == token);
      index_.append(token);
    }
  } catch (const std::bad_alloc&) {
    has_given_up_ = true;
    const SuffixIndex given_back = std::move(index_);
  }
}

void SuffixDrafter::draft(std::span<const TokenId> tokens, int64_t most, std::vector<TokenId>& drafts,
                          std::vector<double>& probabilities) const {
  drafts.clear();
  probabilities.clear();
  const SuffixIndex::Match match = index_.match();
  if (has_given_up_ || index_.size() != std::ssize(tokens) || match.length == 0) return;
  for (int64_t i = 0; i < most; ++i) {
    // Past the end a repetition goes on in its own continuation.
    const int64_t from = match.next + i;
    drafts.push_back(from < std::ssize(tokens) ? tokens[static_cast<size_t>(from)]
                                               : drafts[static_cast<size_t>(from - std::ssize(tokens))]);
    probabilities.push_back(acceptance_[class_of(match.length + i)].probability());
  }
}

}  // namespace engine
