#pragma once
// Words as the sequences of ids in which a model may write them, for the samplers that know no text.
#include <string>
#include <vector>

#include "sampling/parameters.h"
#include "tokenizer/tokenizer.h"

namespace serving {

// Each word as the tokenizer writes it after a space and without one. Code::invalid_argument names a word
// that gives no tokens.
base::Result<std::vector<std::vector<sampling::TokenId>>> bad_word_sequences(
    const tokenizer::Tokenizer& tokenizer, const std::vector<std::string>& words);

// Every way in which a text can come to have one of `breakers`: a token that contains it, or one that ends
// with its beginning, and the rest of it. Looks at each token of the vocabulary: about 10 ms for 150,000.
std::vector<std::vector<sampling::TokenId>> breaker_sequences(const tokenizer::Tokenizer& tokenizer,
                                                              const std::vector<std::string>& breakers);

// What DRY takes for a break unless it is told: llama.cpp's choice.
std::vector<std::string> default_breakers();

}  // namespace serving
