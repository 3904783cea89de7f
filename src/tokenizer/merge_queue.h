#pragma once
// Places of a long piece whose pair may merge: lowest rank first, the leftmost of equals first.
//
// Long pieces have few ranks for many places, and places of one rank mostly arrive from left to right. So
// there is a list of places for each rank, and a heap of the ranks alone: the text is walked in order, which
// is several times as fast as a heap of places, whose every step is a cache miss. O(n log n) whatever
// arrives.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace tokenizer {

class MergeQueue {
 public:
  struct Entry {
    int32_t rank;
    uint32_t place;
  };

  void put(int32_t rank, uint32_t place) {
    Places& places = places_[rank];
    if (places.empty()) {
      places = {};
      ranks_.push_back(rank);
      std::push_heap(ranks_.begin(), ranks_.end(), std::greater<>());
    }
    places.put(place);
  }

  bool empty() const { return ranks_.empty(); }

  // REQUIRES: not empty.
  Entry take() {
    const int32_t rank = ranks_.front();
    Places& places = places_.find(rank)->second;
    const Entry entry{rank, places.take()};
    if (places.empty()) {
      std::pop_heap(ranks_.begin(), ranks_.end(), std::greater<>());
      ranks_.pop_back();
    }
    return entry;
  }

 private:
  // The places of one rank: a list that is sorted when the first is taken, or, once one arrives out of order
  // after that (only with odd merge lists), a heap.
  class Places {
   public:
    bool empty() const { return next_ == list_.size(); }
    void put(uint32_t place) {
      const bool in_order = empty() || place >= list_.back();
      if (taking_ && !in_order && !is_heap_) make_heap();
      list_.push_back(place);
      is_sorted_ = is_sorted_ && in_order;
      if (is_heap_) std::push_heap(list_.begin(), list_.end(), std::greater<>());
    }
    uint32_t take() {
      if (is_heap_) {
        std::pop_heap(list_.begin(), list_.end(), std::greater<>());
        const uint32_t place = list_.back();
        list_.pop_back();
        return place;
      }
      if (!taking_ && !is_sorted_) std::sort(list_.begin(), list_.end());
      taking_ = is_sorted_ = true;
      return list_[next_++];
    }

   private:
    void make_heap() {
      list_.erase(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(next_));
      next_ = 0;
      is_heap_ = true;
      std::make_heap(list_.begin(), list_.end(), std::greater<>());
    }
    std::vector<uint32_t> list_;
    size_t next_ = 0;  // of a list: the first that was not taken
    bool is_sorted_ = true, taking_ = false, is_heap_ = false;
  };

  std::unordered_map<int32_t, Places> places_;
  std::vector<int32_t> ranks_;  // a heap of those with places
};

}  // namespace tokenizer
