#pragma once
// Splits text by a regular expression in the dialect of tokenizer.json files (Oniguruma's, Ruby syntax), run
// by PCRE2.
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokenizer/splitter.h"

namespace tokenizer {

enum class SplitBehavior {
  isolated,  // matches and the text between them are pieces
  removed,   // only the text between them
};

struct SplitRule {
  std::string pattern;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;  // swaps matches and the text between them
};

// Fails when the pattern is malformed, or uses what the two dialects understand differently.
base::Result<std::unique_ptr<Splitter>> make_regex_splitter(SplitRule rule);

// The pattern as PCRE2 must be told it to mean the same. Exposed for tests.
base::Result<std::string> translate_pattern(std::string_view oniguruma_pattern);

}  // namespace tokenizer
