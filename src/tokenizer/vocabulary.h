#pragma once
// The tokens of a tokenizer: ids, spellings, the bytes they stand for, and what kind each is.
//
// Ids may have holes: an id without a token has neither spelling nor bytes. Two ids may share a spelling
// (some GGUF files do); then the spelling means the first of them.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace tokenizer {

// Ids above this are refused, so that a short hostile file cannot ask for gigabytes of empty tokens.
// The largest vocabularies known have 0.9 million.
inline constexpr int64_t kMaxTokenId = (int64_t{1} << 20) - 1;

class Vocabulary {
 public:
  enum Flag : uint8_t {
    kPresent = 1,
    kInModel = 2,  // the model may produce it; the rest only the search for added tokens
    kAdded = 4,
    kSpecial = 8,   // an added token that decoding with skip_special drops
    kReserved = 16  // an added token of more than white space: never made by the model from untrusted text
  };

  // Collects tokens in any order.
  class Builder {
   public:
    // Borrows `spelling` until build(). Fails when the id is out of range or already has another token.
    base::Status add(std::string_view spelling, int64_t id, uint8_t flags);
    base::Result<Vocabulary> build() &&;

   private:
    struct Entry {
      std::string_view spelling;
      uint8_t flags = 0;
    };
    std::vector<Entry> entries_;
  };

  Vocabulary() = default;

  TokenId size() const { return static_cast<TokenId>(flags_.size()); }  // one more than the largest id
  bool has(TokenId id, Flag flag) const {
    return id >= 0 && id < size() && (flags_[static_cast<size_t>(id)] & flag);
  }

  // Empty for ids without a token.
  std::string_view spelling(TokenId id) const { return slice(spellings_, spelling_ends_, id); }
  std::string_view bytes(TokenId id) const { return slice(bytes_, byte_ends_, id); }

  std::optional<TokenId> find(std::string_view spelling) const;
  // Only tokens that the model may produce.
  std::optional<TokenId> find_in_model(std::string_view spelling) const;

 private:
  std::string_view slice(const std::string& arena, const std::vector<uint32_t>& ends, TokenId id) const;
  void index();
  size_t slot_of(std::string_view spelling) const;

  std::vector<uint8_t> flags_;           // [size]
  std::string spellings_, bytes_;        // all tokens one after another, in order of ids
  std::vector<uint32_t> spelling_ends_;  // [size]
  std::vector<uint32_t> byte_ends_;      // [size]
  std::vector<TokenId> slots_;  // open addressing by spelling; -1 is free; the length is a power of two
};

}  // namespace tokenizer
