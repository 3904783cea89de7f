#pragma once
// What is put around the ids of a whole text: BOS, EOS.
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/vocabulary.h"

namespace tokenizer {

struct PostProcessor {
  std::vector<TokenId> before, after;

  // From the `post_processor` of a tokenizer.json. Only the template of a single text counts.
  static base::Result<PostProcessor> parse(const base::Json* post_processor, const Vocabulary& vocabulary);

  void apply(std::vector<TokenId>& ids) const;
};

}  // namespace tokenizer
