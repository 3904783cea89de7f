#include "engine/suffix_index.h"

#include "base/check.h"

namespace engine {

namespace {

constexpr int32_t kNone = -1;
constexpr size_t kFirstTableSize = 64;
constexpr int64_t kMostTokens = int64_t{1} << 29;  // three edges each still have 32-bit numbers

}  // namespace

SuffixIndex::SuffixIndex() : table_(kFirstTableSize, kNone) {
  add_state(/*length=*/0, /*link=*/kNone, /*end=*/kNone);
}

void SuffixIndex::append(TokenId token) {
  CHECK(size_ < kMostTokens);
  const auto position = static_cast<int32_t>(size_++);
  const int32_t whole = add_state(position + 1, 0, position);
  int32_t p = last_;
  int32_t edge = kNone;
  for (; p != kNone && (edge = find_edge(p, token)) == kNone; p = states_[static_cast<size_t>(p)].link)
    add_edge(p, token, whole);
  last_ = whole;
  match_ = {};
  if (p == kNone) return;

  int32_t known = edges_[static_cast<size_t>(edge)].to;
  const int32_t length = states_[static_cast<size_t>(p)].length + 1;
  if (states_[static_cast<size_t>(known)].length != length) {
    // The text found ends in more places than the longer ones that share its state: it gets its own.
    const int32_t split = clone(known, length);
    for (; p != kNone; p = states_[static_cast<size_t>(p)].link) {
      edge = find_edge(p, token);
      if (edge == kNone || edges_[static_cast<size_t>(edge)].to != known) break;
      edges_[static_cast<size_t>(edge)].to = split;
    }
    states_[static_cast<size_t>(known)].link = split;
    known = split;
  }
  states_[static_cast<size_t>(whole)].link = known;
  State& found = states_[static_cast<size_t>(known)];
  match_ = {.length = found.length, .next = found.end + 1};
  found.end = position;
}

int32_t SuffixIndex::add_state(int32_t length, int32_t link, int32_t end) {
  states_.push_back({length, link, end, kNone});
  return static_cast<int32_t>(states_.size() - 1);
}

int32_t SuffixIndex::clone(int32_t state, int32_t length) {
  const State original = states_[static_cast<size_t>(state)];
  const int32_t copy = add_state(length, original.link, original.end);
  for (int32_t e = original.first_edge; e != kNone; e = edges_[static_cast<size_t>(e)].next) {
    const Edge edge = edges_[static_cast<size_t>(e)];
    add_edge(copy, edge.token, edge.to);
  }
  return copy;
}

int32_t SuffixIndex::find_edge(int32_t from, TokenId token) const {
  return table_[slot_of(from, token)];
}

void SuffixIndex::add_edge(int32_t from, TokenId token, int32_t to) {
  if (2 * (edges_.size() + 1) > table_.size()) grow_table();
  State& state = states_[static_cast<size_t>(from)];
  edges_.push_back({from, token, to, state.first_edge});
  state.first_edge = static_cast<int32_t>(edges_.size() - 1);
  table_[slot_of(from, token)] = state.first_edge;
}

// Of the edge, or the free slot where it would go.
size_t SuffixIndex::slot_of(int32_t from, TokenId token) const {
  const size_t mask = table_.size() - 1;
  uint64_t hash = static_cast<uint64_t>(static_cast<uint32_t>(from)) << 32 | static_cast<uint32_t>(token);
  hash *= 0x9E3779B97F4A7C15;
  for (size_t slot = (hash ^ hash >> 32) & mask;; slot = (slot + 1) & mask) {
    const int32_t e = table_[slot];
    if (e == kNone) return slot;
    const Edge& edge = edges_[static_cast<size_t>(e)];
    if (edge.from == from && edge.token == token) return slot;
  }
}

void SuffixIndex::grow_table() {
  table_.assign(2 * table_.size(), kNone);
  for (size_t e = 0; e < edges_.size(); ++e)
    table_[slot_of(edges_[e].from, edges_[e].token)] = static_cast<int32_t>(e);
}

}  // namespace engine
