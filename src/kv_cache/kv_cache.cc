#include "kv_cache/kv_cache.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"

namespace kv_cache {

KvCache::KvCache(const Options& options, CopyPage copy_page)
    : pool_(options.n_pages), tree_(pool_), copy_page_(std::move(copy_page)), reuse_(options.reuse) {}

base::Result<SequencePages> KvCache::begin(std::span<const TokenId> tokens, std::string_view salt,
                                           int64_t n_spare, int64_t most_reused) {
  CHECK(!tokens.empty());
  PrefixTree::Match match;
  const int64_t n_findable = std::min(std::ssize(tokens) - 1, most_reused);
  if (reuse_) match = tree_.find(tokens.first(static_cast<size_t>(n_findable)), salt);
  const int64_t n_new =
      pages_for(static_cast<int64_t>(tokens.size())) - static_cast<int64_t>(match.pages.size());
  // Idle pages that this sequence is going to use cannot be evicted for it.
  const int64_t n_claimed = std::ranges::count_if(match.pages, PrefixTree::is_idle);
  const int64_t n_left = n_available() - n_claimed - n_new - n_spare;
  if (n_left < 0)
    return base::fail(base::Code::exhausted,
                      base::cat(n_new + n_claimed + n_spare, " pages of KV memory wanted, ", n_available(),
                                " of ", n_pages(), " available"));
  // The page to copy from must survive the taking of pages; where that leaves one too few, do without it.
  if (n_left == 0) match.partial = nullptr;

  SequencePages sequence;
  sequence.root = tree_.hold_root(salt);
  for (PrefixTree::Node* node : match.pages) {
    tree_.hold(node);
    sequence.nodes.push_back(node);
    sequence.pages.push_back(PrefixTree::page_of(node));
  }
  sequence.n_stored = static_cast<int64_t>(match.pages.size()) * kPageTokens;
  if (match.partial != nullptr) tree_.hold(match.partial);
  const base::Status taken = take(n_new, sequence.pages);
  CHECK(taken.has_value());
  if (match.partial != nullptr) {
    copy_page_(PrefixTree::page_of(match.partial), sequence.pages[sequence.nodes.size()], match.n_partial);
    sequence.n_stored += match.n_partial;
    tree_.release(match.partial);
  }
  sequence.n_reused = sequence.n_stored;
  return sequence;
}

base::Status KvCache::grow(SequencePages& sequence, int64_t n_tokens) {
  const int64_t n_missing = pages_for(n_tokens) - static_cast<int64_t>(sequence.pages.size());
  if (n_missing <= 0) return {};
  return take(n_missing, sequence.pages);
}

void KvCache::publish(SequencePages& sequence, std::span<const TokenId> tokens) {
  if (!reuse_) return;
  const size_t n_full = static_cast<size_t>(sequence.n_stored / kPageTokens);
  for (size_t i = sequence.nodes.size(); i < n_full; ++i) {
    PrefixTree::Node* parent = i == 0 ? sequence.root : sequence.nodes[i - 1];
    PrefixTree::Node* node =
        tree_.insert(parent, tokens.subspan(i * kPageTokens, kPageTokens), sequence.pages[i]);
    tree_.hold(node);
    pool_.give_back(sequence.pages[i]);
    sequence.pages[i] = PrefixTree::page_of(node);
    sequence.nodes.push_back(node);
  }
}

void KvCache::finish(SequencePages& sequence, std::span<const TokenId> tokens) {
  publish(sequence, tokens);
  const size_t n_full = sequence.nodes.size();
  const size_t n_tail = static_cast<size_t>(sequence.n_stored) - n_full * kPageTokens;
  if (reuse_ && n_tail > 0) {
    PrefixTree::Node* parent = n_full == 0 ? sequence.root : sequence.nodes.back();
    tree_.insert(parent, tokens.subspan(n_full * kPageTokens, n_tail), sequence.pages[n_full]);
  }
  release(sequence);
}

void KvCache::release(SequencePages& sequence) {
  if (sequence.root == nullptr) return;
  for (size_t i = sequence.nodes.size(); i < sequence.pages.size(); ++i) pool_.give_back(sequence.pages[i]);
  for (size_t i = sequence.nodes.size(); i-- > 0;) tree_.release(sequence.nodes[i]);
  tree_.release(sequence.root);
  sequence = {};
}

base::Status KvCache::take(int64_t count, PageList& to) {
  if (count > n_available())
    return base::fail(base::Code::exhausted, base::cat(count, " pages of KV memory wanted, ", n_available(),
                                                       " of ", n_pages(), " available"));
  if (count > n_free()) n_evicted_ += tree_.evict(count - n_free());
  return pool_.take(count, to);
}

void KvCache::check_integrity(std::span<const SequencePages* const> sequences) const {
  pool_.check_integrity();
  tree_.check_integrity();
  int64_t n_own = 0;
  for (const SequencePages* sequence : sequences) {
    CHECK(sequence->nodes.size() <= sequence->pages.size());
    CHECK(sequence->n_stored <= static_cast<int64_t>(sequence->pages.size()) * kPageTokens);
    for (size_t i = 0; i < sequence->pages.size(); ++i) {
      if (i < sequence->nodes.size()) {
        CHECK(PrefixTree::page_of(sequence->nodes[i]) == sequence->pages[i]);
      } else {
        CHECK(pool_.n_holders(sequence->pages[i]) == 1);
        ++n_own;
      }
    }
  }
  CHECK(n_free() + n_own + tree_.n_pages() == n_pages());
}

}  // namespace kv_cache
