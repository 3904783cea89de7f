#pragma once
// Remembers which page holds which tokens, so that a prompt that starts like an earlier one finds its keys
// and values.
//
// A radix tree over whole pages: a node stands for one page and the (up to 64) tokens in it, given all tokens
// on the way from its root. Each salt has a root of its own, so nothing is ever found across salts.
//
//   root("")  ── [64 tokens] ── [64 tokens] ── [17 tokens]        a page that is not full has no children
//                            └─ [64 tokens]
//   root(key) ── [64 tokens]
//
// A node's page has the tree as one holder in the pool; sequences that use it hold the node. A node that
// nobody holds is idle: it may be evicted, the one unused for the longest time first, children before
// parents.
//
// Not thread-safe: the engine loop is the only caller.
// Invariants (checked by check_integrity()):
//   (1) among the children of a node, none is a prefix of another (so the best match is a neighbour in sorted
//   order); (2) whoever holds a node holds its ancestors too, so everything below an idle node is idle; (3)
//   the pool counts one holder for the tree and one for each that holds the node.
#include <array>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv_cache/page_pool.h"

namespace kv_cache {

class PrefixTree {
 public:
  struct Node;

  // REQUIRES: the pool outlives the tree.
  explicit PrefixTree(PagePool& pool);
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;
  ~PrefixTree();  // gives all pages back

  // The longest known beginning of `tokens`: whole pages, then perhaps a page of which the first n_partial
  // tokens fit.
  struct Match {
    std::vector<Node*> pages;
    Node* partial = nullptr;
    int n_partial = 0;
  };
  Match find(std::span<const TokenId> tokens, std::string_view salt) const;

  // The root of a salt, made if needed. Held like any node.
  Node* hold_root(std::string_view salt);

  // REQUIRES: parents are held before their children and released after them.
  void hold(Node* node);
  void release(Node* node);

  // Makes the tree a holder of `page`, which holds `tokens` (1 to 64) after those of `parent`, unless they
  // are known: then returns the node that has them and leaves `page` alone. A shorter page that the new one
  // continues is dropped. The node is not yet held; the caller's own hold on `page` stays. REQUIRES: the
  // caller holds `parent`, a root or a full page, and nobody holds a page that is not full.
  Node* insert(Node* parent, std::span<const TokenId> tokens, PageId page);

  // Frees up to `count` idle pages; returns how many.
  int64_t evict(int64_t count);

  static PageId page_of(const Node* node);
  static bool is_idle(const Node* node);
  int64_t n_pages() const { return n_pages_; }
  int64_t n_idle() const { return n_idle_; }

  void check_integrity() const;

 private:
  struct IdleLeafOrder {
    bool operator()(const Node* a, const Node* b) const;
  };

  void drop(Node* node);
  void mark_idle_leaf(Node* node);
  void forget_root_if_unused(Node* root);
  void check_node(const Node* node, int64_t& n_pages, int64_t& n_idle, int64_t& n_idle_leaves) const;

  PagePool& pool_;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> roots_;
  std::set<Node*, IdleLeafOrder> idle_leaves_;
  int64_t n_pages_ = 0;
  int64_t n_idle_ = 0;
  uint64_t now_ = 0;  // counts holds and releases: the clock of least recent use
  uint64_t next_number_ = 0;
};

}  // namespace kv_cache
