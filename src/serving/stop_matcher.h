#pragma once
// Finds the first stop string in a text that arrives in pieces, and holds back what may yet become one.
//
// Each stop string has a Knuth-Morris-Pratt automaton, so the work per byte is constant, whatever the text.
// Pieces and stop strings are whole UTF-8 characters, so is what is given out.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace serving {

class StopMatcher {
 public:
  // With `include_match`, the stop string itself is given out too. REQUIRES: no stop string is empty.
  explicit StopMatcher(std::vector<std::string> stop_strings, bool include_match = false);

  // Text in which nothing is looked for. REQUIRES: none was pushed yet.
  std::string pass(std::string piece);

  // What of the text so far is certain now. After a match: nothing, ever.
  std::string push(std::string_view piece);
  // The text has ended: what was held back.
  std::string finish();

  // The stop string that was found: of several that end at the same byte, the longest.
  const std::optional<std::string>& matched() const { return matched_; }
  // Bytes given out so far.
  size_t released_bytes() const { return released_bytes_; }

 private:
  struct Automaton {
    std::string pattern;
    std::vector<int32_t> fallback;  // [length + 1]: the longest border of each prefix
    size_t state = 0;               // bytes of `pattern` that the text ends with
  };
  static void advance(Automaton& automaton, char byte);
  std::string release(size_t n_bytes);

  std::vector<Automaton> automata_;
  bool include_match_;
  std::string held_;
  std::optional<std::string> matched_;
  size_t released_bytes_ = 0;
};

}  // namespace serving
