#pragma once
// Hands out page numbers and counts who holds each of them.
//
// Not thread-safe: the engine loop is the only caller.
// Invariants (checked by check_integrity()):
//   (1) a page is on the free list exactly if nobody holds it;
//   (2) it is there once.
#include <span>
#include <vector>

#include "base/result.h"
#include "kv_cache/page.h"

namespace kv_cache {

class PagePool {
 public:
  explicit PagePool(int64_t n_pages);

  // Appends `count` free pages to `to`, each with one holder, or none: fails with Code::exhausted and changes
  // nothing.
  [[nodiscard]] base::Status take(int64_t count, PageList& to);

  // One more holder. REQUIRES: the page is held.
  void share(PageId page);

  // One holder less; a page without holders is free. REQUIRES: the page is held, no kernel is still reading
  // it.
  void give_back(PageId page);

  int64_t capacity() const { return static_cast<int64_t>(n_holders_.size()); }
  int64_t n_free() const { return static_cast<int64_t>(free_.size()); }
  int32_t n_holders(PageId page) const { return n_holders_[static_cast<size_t>(page)]; }

  // Ends the process if an invariant is broken.
  void check_integrity() const;

 private:
  std::vector<int32_t> n_holders_;  // [capacity]
  PageList free_;                   // a stack: the page given back last is warmest in the caches
};

}  // namespace kv_cache
