#include "chat/sort.h"

#include <numeric>

#include "chat/compare.h"

namespace chat {

using base::Result;
using base::Status;

namespace {

// A merge sort of our own: std::sort may not be left in the middle when a comparison fails.
class MergeSort {
 public:
  MergeSort(Heap& heap, const std::vector<Value>& keys, bool reverse)
      : heap_(heap), keys_(keys), reverse_(reverse), order_(keys.size()), merged_(keys.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  Result<std::vector<size_t>> run() {
    for (size_t width = 1; width < order_.size(); width *= 2) {
      for (size_t begin = 0; begin < order_.size(); begin += 2 * width)
        TRY(merge(begin, std::min(begin + width, order_.size()), std::min(begin + 2 * width, order_.size())));
      order_.swap(merged_);
    }
    return std::move(order_);
  }

 private:
  Status merge(size_t begin, size_t middle, size_t end) {
    size_t left = begin, right = middle;
    for (size_t out = begin; out < end; ++out) {
      bool take_left = right == end;
      if (left < middle && right < end) take_left = !TRY(comes_first(order_[right], order_[left]));
      merged_[out] = take_left ? order_[left++] : order_[right++];
    }
    return {};
  }

  Result<bool> comes_first(size_t a, size_t b) {
    return reverse_ ? in_order(heap_, Order::less, keys_[b], keys_[a])
                    : in_order(heap_, Order::less, keys_[a], keys_[b]);
  }

  Heap& heap_;
  const std::vector<Value>& keys_;
  bool reverse_;
  std::vector<size_t> order_, merged_;
};

}  // namespace

Result<std::vector<size_t>> sorted_order(Heap& heap, const std::vector<Value>& keys, bool reverse) {
  return MergeSort(heap, keys, reverse).run();
}

}  // namespace chat
