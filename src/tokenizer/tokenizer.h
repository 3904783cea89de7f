#pragma once
// Text to token ids and back.
//
// A Tokenizer is immutable after loading and may be used by any number of threads at once.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace tokenizer {

using TokenId = int32_t;

// A stretch of text and whether it comes from the chat template (trusted) or from a caller.
struct Segment {
  std::string_view text;
  bool trusted = false;
};

// What GGUF metadata says about a vocabulary (tokenizer.ggml.*), already checked for type by the reader.
struct GgufVocabulary {
  std::string model;  // tokenizer.ggml.model: "gpt2", ...
  std::string pre;    // tokenizer.ggml.pre
  std::vector<std::string> tokens;
  std::vector<int32_t>
      token_types;  // 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; may be empty
  std::vector<float> scores;  // may be empty
  std::vector<std::string> merges;
  std::optional<int64_t> bos_id, eos_id, eot_id, eom_id, unknown_id, pad_id;
  std::optional<bool> add_bos, add_eos;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // From the bytes of a tokenizer.json, which alone decides ids and decoding.
  static base::Result<std::unique_ptr<Tokenizer>> from_tokenizer_json(std::string_view tokenizer_json);
  static base::Result<std::unique_ptr<Tokenizer>> from_gguf(const GgufVocabulary& vocabulary);

  struct EncodeOptions {
    bool find_added_tokens = true;  // false: strict with nothing trusted
    bool add_special = true;        // run the post-processor (BOS, EOS, ...)
  };
  // Ill-formed UTF-8 is replaced by U+FFFD first. Never fails on content; linear in the text's length.
  virtual std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const = 0;

  // Encodes text of mixed origin: an added token matches only where every byte is trusted. No post-processor.
  // The rules are in docs/tokenizer.md ("strict").
  virtual std::vector<TokenId> encode_strict(std::span<const Segment> segments) const = 0;

  // Ids out of range decode to nothing. skip_special drops added tokens marked special.
  virtual std::string decode(std::span<const TokenId> ids, bool skip_special) const = 0;

  // The bytes that a token adds in the middle of a text (may be half a character). Empty for ids out of
  // range.
  virtual std::string token_bytes(TokenId id) const = 0;
  // The vocabulary's own spelling ("Ġthe", "<|im_end|>"); empty for ids out of range.
  virtual std::string token_spelling(TokenId id) const = 0;
  // The id of a token by its spelling, added tokens first.
  virtual std::optional<TokenId> find_token(std::string_view spelling) const = 0;
  virtual bool is_special(TokenId id) const = 0;  // an added token with special: true

  // One more than the largest id that the tokenizer knows.
  virtual int64_t size() const = 0;
  // Pattern, normaliser and post-processor in words, for `show`.
  virtual std::string description() const = 0;

  // From GGUF keys only; a tokenizer.json names neither.
  virtual std::optional<TokenId> bos() const = 0;
  virtual std::vector<TokenId> end_tokens() const = 0;  // eos, eot, eom

  // Streaming: what became certain with each token. See docs/tokenizer.md ("streaming").
  class Detokenizer {
   public:
    virtual ~Detokenizer() = default;
    virtual std::string push(TokenId id) = 0;
    virtual std::string finish() = 0;
  };
  // The detokenizer borrows this tokenizer.
  virtual std::unique_ptr<Detokenizer> make_detokenizer(bool skip_special) const = 0;
};

}  // namespace tokenizer
