#pragma once
// Stands in for the tokenizer of a model that has none, so that token ids can still be run and scored.
#include <memory>

#include "tokenizer/tokenizer.h"

namespace tokenizer {

// Knows `n_ids` ids without text: decodes to nothing, encodes nothing, has no added tokens. Callers that need text look
// at loading::TextSide::tokenizer_problem first.
std::unique_ptr<Tokenizer> make_no_vocabulary(int64_t n_ids);

}  // namespace tokenizer
