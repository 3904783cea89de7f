#pragma once
// Byte-level BPE: added tokens, normaliser, pre-tokenizer, merges, post-processor. See docs/tokenizer.md.
#include <memory>
#include <string>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace tokenizer {

// What the readers of tokenizer.json and of GGUF vocabularies put together.
struct ByteLevelParts {
  Vocabulary vocabulary;
  MergeTable merges;
  size_t n_merges = 0, n_dropped_merges = 0;
  BpeOptions bpe;
  std::vector<AddedToken> added;
  Normalization normalization = Normalization::none;
  PreTokenizer pre_tokenizer;
  PostProcessor post_processor;
  std::optional<TokenId> bos;
  std::vector<TokenId> end_tokens;
};

// The flags of an added token in the vocabulary. The unknown token is never reserved.
uint8_t added_token_flags(const AddedToken& token, std::optional<TokenId> unknown);

class ByteLevelTokenizer : public Tokenizer {
 public:
  static base::Result<std::unique_ptr<Tokenizer>> make(ByteLevelParts parts);

  std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const override;
  std::vector<TokenId> encode_strict(std::span<const Segment> segments) const override;
  std::string decode(std::span<const TokenId> ids, bool skip_special) const override;
  std::string token_bytes(TokenId id) const override { return std::string(parts_.vocabulary.bytes(id)); }
  std::string token_spelling(TokenId id) const override {
    return std::string(parts_.vocabulary.spelling(id));
  }
  std::optional<TokenId> find_token(std::string_view spelling) const override;
  bool is_special(TokenId id) const override { return parts_.vocabulary.has(id, Vocabulary::kSpecial); }
  int64_t size() const override { return parts_.vocabulary.size(); }
  std::string description() const override;
  std::optional<TokenId> bos() const override { return parts_.bos; }
  std::vector<TokenId> end_tokens() const override { return parts_.end_tokens; }
  std::unique_ptr<Detokenizer> make_detokenizer(bool skip_special) const override;

 private:
  explicit ByteLevelTokenizer(ByteLevelParts parts);
  base::Status index_added_tokens();

  // One pass over a text. With `avoid_reserved` the model makes no reserved tokens (docs/tokenizer.md,
  // "strict").
  class Pass;
  std::vector<TokenId> run(std::string_view text, const Provenance& provenance, bool avoid_reserved) const;

  ByteLevelParts parts_;
  Bpe bpe_;
  AddedTokenFinder raw_finder_;         // of tokens that are searched in the text as it is
  AddedTokenFinder normalized_finder_;  // of tokens that are searched after normalisation
};

}  // namespace tokenizer
