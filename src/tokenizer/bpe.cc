#include "tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "tokenizer/byte_alphabet.h"
#include "tokenizer/merge_queue.h"

namespace tokenizer {
namespace {

constexpr uint64_t kFreeKey = std::numeric_limits<uint64_t>::max();
constexpr int32_t kNoRank = std::numeric_limits<int32_t>::max();

// Up to this many bytes a plain scan for the lowest rank beats the heap.
constexpr size_t kShortPiece = 64;

uint64_t key_of(TokenId left, TokenId right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

// An array that fits the stack, with what initial_symbols() needs of a vector.
struct ShortSymbols {
  TokenId ids[kShortPiece];
  size_t n = 0;
  bool empty() const { return n == 0; }
  TokenId back() const { return ids[n - 1]; }
  void push_back(TokenId id) { ids[n++] = id; }
};

}  // namespace

MergeTable::MergeTable(size_t n_merges)
    : slots_(std::bit_ceil(n_merges * 2 + 1), Slot{kFreeKey, {kNoRank, -1}}) {}

size_t MergeTable::slot_of(uint64_t key) const {
  const size_t mask = slots_.size() - 1;
  uint64_t hash = key * 0x9E3779B97F4A7C15u;
  hash ^= hash >> 32;
  size_t slot = hash & mask;
  while (slots_[slot].key != key && slots_[slot].key != kFreeKey) slot = (slot + 1) & mask;
  return slot;
}

void MergeTable::add(TokenId left, TokenId right, Merge merge, OnDuplicate on_duplicate) {
  const uint64_t key = key_of(left, right);
  Slot& slot = slots_[slot_of(key)];
  if (slot.key == key && on_duplicate == OnDuplicate::keep_first) return;
  slot = {key, merge};
}

const MergeTable::Merge* MergeTable::find(TokenId left, TokenId right) const {
  const uint64_t key = key_of(left, right);
  const Slot& slot = slots_[slot_of(key)];
  return slot.key == key ? &slot.merge : nullptr;
}

Bpe::Bpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options)
    : vocabulary_(vocabulary), merges_(std::move(merges)), options_(options) {
  for (size_t byte = 0; byte < 256; ++byte) {
    std::string spelling;
    const char c = static_cast<char>(byte);
    append_byte_spelling(spelling, {&c, 1});
    byte_tokens_[byte] = vocabulary.find_in_model(spelling).value_or(-1);
  }
}

void Bpe::encode(std::string_view piece, bool avoid_reserved, std::vector<TokenId>& out) const {
  if (options_.ignore_merges) {
    if (const auto id = whole_piece(piece, avoid_reserved)) return out.push_back(*id);
  }
  if (piece.size() <= kShortPiece)
    encode_short(piece, avoid_reserved, out);
  else
    encode_long(piece, avoid_reserved, out);
}

std::optional<TokenId> Bpe::whole_piece(std::string_view piece, bool avoid_reserved) const {
  std::string spelling;
  append_byte_spelling(spelling, piece);
  const std::optional<TokenId> id = vocabulary_.find_in_model(spelling);
  return id && allowed(*id, avoid_reserved) ? id : std::nullopt;
}

const MergeTable::Merge* Bpe::merge_of(TokenId left, TokenId right, bool avoid_reserved) const {
  const MergeTable::Merge* merge = merges_.find(left, right);
  return merge != nullptr && allowed(merge->result, avoid_reserved) ? merge : nullptr;
}

template <class Symbols>
void Bpe::initial_symbols(std::string_view piece, Symbols& symbols) const {
  for (const char c : piece) {
    const TokenId id = byte_tokens_[static_cast<unsigned char>(c)];
    if (id >= 0) {
      symbols.push_back(id);
    } else if (options_.unknown) {
      const bool fused = options_.fuse_unknown && !symbols.empty() && symbols.back() == *options_.unknown;
      if (!fused) symbols.push_back(*options_.unknown);
    }
  }
}

void Bpe::append(std::span<const TokenId> ids, bool avoid_reserved, std::vector<TokenId>& out) const {
  for (const TokenId id : ids) {
    if (allowed(id, avoid_reserved))
      out.push_back(id);
    else if (options_.unknown)
      out.push_back(*options_.unknown);
  }
}

// ids    [a][b][c][d]     ranks[i] is that of the pair (i, i+1); merging b and c moves the tails one to the
// left ranks  [ab][bc][cd]
void Bpe::encode_short(std::string_view piece, bool avoid_reserved, std::vector<TokenId>& out) const {
  ShortSymbols symbols;
  initial_symbols(piece, symbols);
  TokenId* const ids = symbols.ids;
  size_t n = symbols.n;
  MergeTable::Merge merges[kShortPiece];
  const auto look_up = [&](size_t i) {
    const MergeTable::Merge* merge = merge_of(ids[i], ids[i + 1], avoid_reserved);
    merges[i] = merge != nullptr ? *merge : MergeTable::Merge{kNoRank, -1};
  };
  for (size_t i = 0; i + 1 < n; ++i) look_up(i);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (merges[i].rank < merges[best].rank) best = i;
    if (merges[best].rank == kNoRank) break;
    ids[best] = merges[best].result;
    std::copy(ids + best + 2, ids + n, ids + best + 1);
    std::copy(merges + best + 1, merges + n - 1, merges + best);
    --n;
    if (best > 0) look_up(best - 1);
    if (best + 1 < n) look_up(best);
  }
  append({ids, n}, avoid_reserved, out);
}

namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

// A long piece while it is merged: a doubly linked list in an array.
struct Symbol {
  TokenId id;  // -1: merged into its left neighbour
  uint32_t previous, next;
  MergeTable::Merge merge;  // with the next symbol; kNoRank if there is none
};

std::vector<Symbol> link(const std::vector<TokenId>& ids) {
  std::vector<Symbol> symbols;
  const auto n = static_cast<uint32_t>(ids.size());
  symbols.reserve(n);
  for (uint32_t i = 0; i < n; ++i)
    symbols.push_back({ids[i], i == 0 ? kNone : i - 1, i + 1 == n ? kNone : i + 1, {kNoRank, -1}});
  return symbols;
}

void merge_with_next(std::vector<Symbol>& symbols, uint32_t left) {
  Symbol& symbol = symbols[left];
  Symbol& right = symbols[symbol.next];
  symbol.id = symbol.merge.result;
  symbol.next = right.next;
  if (right.next != kNone) symbols[right.next].previous = left;
  right.id = -1;
  right.merge.rank = kNoRank;
}

}  // namespace

void Bpe::encode_long(std::string_view piece, bool avoid_reserved, std::vector<TokenId>& out) const {
  std::vector<TokenId> ids;
  ids.reserve(piece.size());
  initial_symbols(piece, ids);
  std::vector<Symbol> symbols = link(ids);
  MergeQueue queue;
  // Looks up the pair that starts at `left`; true if it may merge.
  const auto look_up = [&](uint32_t left) {
    Symbol& symbol = symbols[left];
    const MergeTable::Merge* merge =
        symbol.next == kNone ? nullptr : merge_of(symbol.id, symbols[symbol.next].id, avoid_reserved);
    symbol.merge = merge != nullptr ? *merge : MergeTable::Merge{kNoRank, -1};
    return merge != nullptr;
  };
  for (uint32_t i = 0; i < symbols.size(); ++i)
    if (look_up(i)) queue.put(symbols[i].merge.rank, i);
  while (!queue.empty()) {
    const auto [rank, left] = queue.take();
    if (symbols[left].merge.rank != rank) continue;  // the pair there is another one by now
    merge_with_next(symbols, left);
    if (look_up(left)) queue.put(symbols[left].merge.rank, left);
    const uint32_t previous = symbols[left].previous;
    if (previous != kNone && look_up(previous)) queue.put(symbols[previous].merge.rank, previous);
  }
  ids.clear();
  for (const Symbol& symbol : symbols)
    if (symbol.id >= 0) ids.push_back(symbol.id);
  append(ids, avoid_reserved, out);
}

}  // namespace tokenizer
