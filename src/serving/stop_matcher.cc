#include "serving/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace serving {
namespace {

std::vector<int32_t> borders(std::string_view pattern) {
  std::vector<int32_t> fallback(pattern.size() + 1, 0);
  int32_t length = 0;
  for (size_t i = 1; i < pattern.size(); ++i) {
    while (length > 0 && pattern[i] != pattern[length]) length = fallback[length];
    if (pattern[i] == pattern[length]) ++length;
    fallback[i + 1] = length;
  }
  return fallback;
}

}  // namespace

StopMatcher::StopMatcher(std::vector<std::string> stop_strings, bool include_match)
    : include_match_(include_match) {
  for (std::string& pattern : stop_strings) {
    std::vector<int32_t> fallback = borders(pattern);
    automata_.push_back({std::move(pattern), std::move(fallback)});
  }
}

void StopMatcher::advance(Automaton& automaton, char byte) {
  while (automaton.state > 0 && automaton.pattern[automaton.state] != byte)
    automaton.state = automaton.fallback[automaton.state];
  if (automaton.pattern[automaton.state] == byte) ++automaton.state;
}

std::string StopMatcher::release(size_t n_bytes) {
  std::string out = held_.substr(0, n_bytes);
  held_.erase(0, n_bytes);
  released_bytes_ += out.size();
  return out;
}

std::string StopMatcher::pass(std::string piece) {
  released_bytes_ += piece.size();
  return piece;
}

std::string StopMatcher::push(std::string_view piece) {
  if (matched_) return {};
  for (char byte : piece) {
    held_ += byte;
    for (Automaton& automaton : automata_) {
      advance(automaton, byte);
      if (automaton.state < automaton.pattern.size()) continue;
      if (!matched_ || matched_->size() < automaton.pattern.size()) matched_ = automaton.pattern;
    }
    if (matched_) {
      std::string out = release(held_.size() - (include_match_ ? 0 : matched_->size()));
      held_.clear();
      return out;
    }
  }
  size_t kept = 0;
  for (const Automaton& automaton : automata_) kept = std::max(kept, automaton.state);
  return release(held_.size() - kept);
}

std::string StopMatcher::finish() {
  return matched_ ? std::string() : release(held_.size());
}

}  // namespace serving
