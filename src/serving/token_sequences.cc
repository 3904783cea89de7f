#include "serving/token_sequences.h"

#include <algorithm>
#include <string_view>

namespace serving {
namespace {

using sampling::TokenId;
using Sequences = std::vector<std::vector<TokenId>>;

// What a caller writes is never an added token.
constexpr tokenizer::Tokenizer::EncodeOptions kPlain{.find_added_tokens = false, .add_special = false};

void add(Sequences& sequences, std::vector<TokenId> ids) {
  if (std::ranges::find(sequences, ids) == sequences.end()) sequences.push_back(std::move(ids));
}

// The token at the head of a breaker that begins in it and goes on behind it.
void add_overlaps(const tokenizer::Tokenizer& tokenizer, TokenId id, std::string_view text,
                  std::string_view breaker, Sequences& sequences) {
  for (size_t n = std::min(breaker.size() - 1, text.size()); n > 0; --n) {
    if (!text.ends_with(breaker.substr(0, n))) continue;
    std::vector<TokenId> ids{id};
    for (const TokenId next : tokenizer.encode(breaker.substr(n), kPlain)) ids.push_back(next);
    sequences.push_back(std::move(ids));
  }
}

}  // namespace

base::Result<Sequences> bad_word_sequences(const tokenizer::Tokenizer& tokenizer,
                                           const std::vector<std::string>& words) {
  Sequences sequences;
  for (const std::string& word : words) {
    const size_t begin = word.find_first_not_of(' ');
    if (begin == std::string::npos)
      return base::fail(base::Code::invalid_argument, "bad_words has an entry without a word");
    add(sequences, tokenizer.encode(word, kPlain));
    add(sequences, tokenizer.encode(" " + word.substr(begin), kPlain));
  }
  return sequences;
}

Sequences breaker_sequences(const tokenizer::Tokenizer& tokenizer, const std::vector<std::string>& breakers) {
  Sequences sequences;
  for (TokenId id = 0; id < tokenizer.size(); ++id) {
    const std::string text = tokenizer.token_bytes(id);
    for (const std::string& breaker : breakers) {
      if (breaker.empty()) continue;
      if (text.find(breaker) != std::string::npos)
        sequences.push_back({id});
      else
        add_overlaps(tokenizer, id, text, breaker, sequences);
    }
  }
  return sequences;
}

std::vector<std::string> default_breakers() {
  return {"\n", ":", "\"", "*"};
}

}  // namespace serving
