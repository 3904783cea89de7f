#pragma once
// Where the end of a growing text has stood before: a suffix automaton (Blumer et al. 1985), built token by
// token.
//
// append() takes amortised constant time, 0.1 to 0.25 us measured; n tokens hold at most 2 n states of 16
// bytes and 3 n edges of 24, in practice 130 bytes a token with the room that vectors keep.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace engine {

class SuffixIndex {
 public:
  using TokenId = int32_t;

  SuffixIndex();

  void append(TokenId token);
  int64_t size() const { return size_; }

  // The longest end of the text that also ends somewhere earlier in it (the two may overlap).
  struct Match {
    int64_t length = 0;  // 0: even the last token is new
    int64_t next = 0;    // the position of the token that came after it there; below size()
  };
  Match match() const { return match_; }

 private:
  struct State {
    int32_t length;      // of the longest text that leads here
    int32_t link;        // the state of its longest suffix that has stood in more places; -1 for the root
    int32_t end;         // a position where it ends; the latest at which it was the match
    int32_t first_edge;  // -1: none
  };
  struct Edge {
    int32_t from;
    TokenId token;
    int32_t to;
    int32_t next;  // edge of the same state; -1: the last
  };

  int32_t add_state(int32_t length, int32_t link, int32_t end);
  int32_t clone(int32_t state, int32_t length);
  int32_t find_edge(int32_t from, TokenId token) const;  // -1: none
  void add_edge(int32_t from, TokenId token, int32_t to);
  size_t slot_of(int32_t from, TokenId token) const;
  void grow_table();

  std::vector<State> states_;
  std::vector<Edge> edges_;
  std::vector<int32_t> table_;  // open addressing, at most half full: edges by (from, token); -1: free
  int32_t last_ = 0;            // the state of the whole text
  int64_t size_ = 0;
  Match match_;
};

}  // namespace engine
