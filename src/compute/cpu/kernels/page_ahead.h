#pragma once
// Fetches the page that an attention kernel will be given next, while it computes one: at every step of the
// products as much as the step itself reads.
//
// The lines of the next page (K and V lie one behind the other) are fetched in four streams, a quarter of the
// bytes each, in turn: 0, q, 2q, 3q, 64, q + 64, ... The CPU's own prefetcher follows a stream to the end of
// its 4 KiB of memory and starts anew at the next, so that one stream waits for memory every 4 KiB and four
// wait together: 11.7 -> 10.0 ms for the 201 MB of 16k tokens, two cores of an Emerald Rapids. (No better:
// into L2 alone; the first lines of each 4 KiB one page earlier.)
#include <algorithm>
#include <cstdint>

#include "compute/cpu/kv_layout.h"

namespace compute::cpu {

class PageAhead {
 public:
  // Fetches nothing; `here` is any memory in the cache.
  explicit PageAhead(const void* here) : at_(static_cast<const char*>(here)), end_(at_ + 1) {}

  // Of `next`, a page of values of type T, the steps will fetch the values and this the scales.
  template <class T>
  static PageAhead of(const void* next, int head_dim) {
    const int64_t n_bytes = 2 * values_bytes<T>(head_dim);
    const int64_t n_scales_bytes = kHasScales<T> ? int64_t{2 * kPageTokens * sizeof(float)} : 0;
    PageAhead ahead(next);
    ahead.quarter_ = (n_bytes + n_scales_bytes) / kStreams / kLine * kLine;
    ahead.end_ = ahead.at_ + kStreams * ahead.quarter_;
    ahead.back_ = kStreams * ahead.quarter_ - kLine;
    for (int stream = 0; stream < kStreams; ++stream) {
      for (int64_t byte = n_bytes / kStreams; byte < ahead.quarter_; byte += kLine)
        __builtin_prefetch(ahead.at_ + stream * ahead.quarter_ + byte);
    }
    return ahead;
  }

  // At step k of a product that reads BYTES in each.
  template <int BYTES>
  void step(int64_t k) {
    if (BYTES < kLine && k % std::max<int64_t>(1, kLine / BYTES) != 0) return;
#pragma GCC unroll 8
    for (int byte = 0; byte < BYTES; byte += kLine) {
      __builtin_prefetch(at_);
      at_ += quarter_;
      at_ -= at_ >= end_ ? back_ : 0;
    }
  }

 private:
  static constexpr int64_t kStreams = 4, kLine = 64;

  const char* at_;
  int64_t quarter_ = 0;
  const char* end_;
  int64_t back_ = 0;  // from behind the last stream to the next line of the first
};

}  // namespace compute::cpu
