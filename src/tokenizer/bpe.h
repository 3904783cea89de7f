#pragma once
// Byte-pair encoding of one pre-tokenized piece.
//
// A piece starts as one token per byte; the neighbouring pair with the lowest rank (the leftmost of equals)
// becomes one token, until no pair is in the merge list. O(n log n) for a piece of n bytes.
//
// Immutable after loading; any number of threads may encode at once.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/vocabulary.h"

namespace tokenizer {

// The merge list as a hash table: a pair of tokens to its rank and result.
class MergeTable {
 public:
  struct Merge {
    int32_t rank;
    TokenId result;
  };
  explicit MergeTable(size_t n_merges = 0);

  // A pair listed twice keeps its first rank, or takes its last one.
  enum class OnDuplicate { keep_first, take_last };
  // REQUIRES: no more calls than the constructor was told.
  void add(TokenId left, TokenId right, Merge merge, OnDuplicate on_duplicate);

  // Null if the pair is not in the list.
  const Merge* find(TokenId left, TokenId right) const;

 private:
  struct Slot {
    uint64_t key;
    Merge merge;
  };
  size_t slot_of(uint64_t key) const;
  std::vector<Slot> slots_;
};

struct BpeOptions {
  bool ignore_merges = false;  // a piece that is a token as a whole is that token, whatever the merges say
  std::optional<TokenId> unknown;
  bool fuse_unknown = false;  // neighbouring unknown bytes become one unknown token
};

class Bpe {
 public:
  // `vocabulary` must outlive this.
  Bpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options);

  // Appends the tokens of `piece`. A byte that the vocabulary lacks becomes the unknown token, or nothing if
  // there is none. With `avoid_reserved` no merge makes a reserved token (see Vocabulary), and a single byte
  // that is one and merged with nothing counts as lacking.
  void encode(std::string_view piece, bool avoid_reserved, std::vector<TokenId>& out) const;

 private:
  bool allowed(TokenId id, bool avoid_reserved) const {
    return !avoid_reserved || !vocabulary_.has(id, Vocabulary::kReserved);
  }
  const MergeTable::Merge* merge_of(TokenId left, TokenId right, bool avoid_reserved) const;
  std::optional<TokenId> whole_piece(std::string_view piece, bool avoid_reserved) const;
  template <class Symbols>
  void initial_symbols(std::string_view piece, Symbols& symbols) const;
  void encode_short(std::string_view piece, bool avoid_reserved, std::vector<TokenId>& out) const;
  void encode_long(std::string_view piece, bool avoid_reserved, std::vector<TokenId>& out) const;
  void append(std::span<const TokenId> ids, bool avoid_reserved, std::vector<TokenId>& out) const;

  const Vocabulary& vocabulary_;
  MergeTable merges_;
  BpeOptions options_;
  std::array<TokenId, 256> byte_tokens_;  // -1: the vocabulary lacks the byte
};

}  // namespace tokenizer
