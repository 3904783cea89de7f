#pragma once
// The pages of all running sequences, and what earlier ones left behind for later ones to find.
//
//   tokens of a sequence   [0, n_reused)          found in the prefix tree when it began
//                          [n_reused, n_stored)   computed by it
//                          [n_stored, n)          room for what comes
//   pages of a sequence    [0, nodes.size())      shared through the prefix tree
//                          [nodes.size(), n)      its own
//
// A page becomes shared as soon as it is full, so that sequences that run at the same time find each other's
// work; two sequences that have computed the same page keep one of the two, which is right because equal
// tokens give equal bits whatever else ran (docs/numerics.md). When a sequence ends, its last, partly filled
// page is kept too; who continues it gets a copy. Nothing is found across salts.
//
// Not thread-safe: the engine loop is the only caller.
#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "kv_cache/page_pool.h"
#include "kv_cache/prefix_tree.h"

namespace kv_cache {

// Pages held by one sequence. Give it back with KvCache::finish() or release().
struct SequencePages {
  PageList pages;
  std::vector<PrefixTree::Node*> nodes;  // of the shared pages
  PrefixTree::Node* root = nullptr;      // null: holds nothing
  int64_t n_stored = 0;                  // tokens whose keys and values are there; advanced by the caller
  int64_t n_reused = 0;
};

class KvCache {
 public:
  // Copies what the first n_tokens of page `from` hold to page `to`.
  using CopyPage = std::function<void(PageId from, PageId to, int n_tokens)>;

  struct Options {
    int64_t n_pages = 0;
    bool reuse = true;  // false: nothing is kept or found
  };
  KvCache(const Options& options, CopyPage copy_page);

  // Pages for all of `tokens`, as many as possible of them found with their content; at least the last token
  // is left to be computed, as its logits are wanted, and all beyond the first `most_reused`. Evicts what it
  // must. Fails with Code::exhausted and changes nothing unless `n_spare` more pages could be had afterwards.
  // REQUIRES: tokens is not empty.
  base::Result<SequencePages> begin(std::span<const TokenId> tokens, std::string_view salt, int64_t n_spare,
                                    int64_t most_reused = INT64_MAX);

  // Room for n_tokens in all; evicts what it must. Fails with Code::exhausted and changes nothing.
  [[nodiscard]] base::Status grow(SequencePages& sequence, int64_t n_tokens);

  // Shares the pages that are full by now. `tokens` [>= n_stored] are the sequence's.
  void publish(SequencePages& sequence, std::span<const TokenId> tokens);

  // Ends a sequence and keeps what it has stored for others to find, as long as there is room.
  void finish(SequencePages& sequence, std::span<const TokenId> tokens);
  // Ends a sequence and keeps nothing that is not shared already.
  void release(SequencePages& sequence);

  bool reuses() const { return reuse_; }
  int64_t n_pages() const { return pool_.capacity(); }
  int64_t n_free() const { return pool_.n_free(); }
  int64_t n_idle() const { return tree_.n_idle(); }            // held by the tree alone
  int64_t n_available() const { return n_free() + n_idle(); }  // for somebody who needs pages
  int64_t n_evicted() const { return n_evicted_; }             // since the start

  // Ends the process unless every page is accounted for. `sequences`: all that hold pages.
  void check_integrity(std::span<const SequencePages* const> sequences) const;

 private:
  base::Status take(int64_t count, PageList& to);

  PagePool pool_;
  PrefixTree tree_;
  CopyPage copy_page_;
  bool reuse_;
  int64_t n_evicted_ = 0;
};

}  // namespace kv_cache
