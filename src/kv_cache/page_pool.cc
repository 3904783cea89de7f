#include "kv_cache/page_pool.h"

#include "base/check.h"
#include "base/strings.h"

namespace kv_cache {

PagePool::PagePool(int64_t n_pages) : n_holders_(static_cast<size_t>(n_pages), 0) {
  free_.reserve(n_holders_.size());
  for (int64_t page = n_pages - 1; page >= 0; --page) free_.push_back(static_cast<PageId>(page));
}

base::Status PagePool::take(int64_t count, PageList& to) {
  if (count > n_free())
    return base::fail(base::Code::exhausted, base::cat(count, " pages of KV memory wanted, ", n_free(),
                                                       " of ", capacity(), " free"));
  for (int64_t i = 0; i < count; ++i) {
    const PageId page = free_.back();
    free_.pop_back();
    n_holders_[static_cast<size_t>(page)] = 1;
    to.push_back(page);
  }
  return {};
}

void PagePool::share(PageId page) {
  CHECK(page >= 0 && page < capacity() && n_holders(page) > 0);
  ++n_holders_[static_cast<size_t>(page)];
}

void PagePool::give_back(PageId page) {
  CHECK(page >= 0 && page < capacity() && n_holders(page) > 0);
  if (--n_holders_[static_cast<size_t>(page)] == 0) free_.push_back(page);
}

void PagePool::check_integrity() const {
  std::vector<bool> is_free(n_holders_.size(), false);
  for (const PageId page : free_) {
    CHECK(page >= 0 && page < capacity());
    CHECK(!is_free[static_cast<size_t>(page)]);
    is_free[static_cast<size_t>(page)] = true;
  }
  for (size_t page = 0; page < n_holders_.size(); ++page) CHECK(is_free[page] == (n_holders_[page] == 0));
}

}  // namespace kv_cache
