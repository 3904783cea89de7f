#pragma once
// Walking over whatever Python would iterate: lists, tuples, keys of a mapping, views, ranges, characters of
// a text, and what map or select gave (once).
#include <vector>

#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

class Walker {
 public:
  // The next value, absent at the end.
  base::Result<Value> next();
  // How many are left.
  size_t n_left() const;

 private:
  friend base::Result<Walker> walk(Heap& heap, const Value& iterable);
  explicit Walker(Heap& heap) : heap_(&heap) {}
  Value entry(const struct DictEntry& entry) const;

  Heap* heap_;
  Kind kind_ = Kind::list;
  std::span<const Value> items_;
  size_t position_ = 0;
  const Dict* dict_ = nullptr;
  ViewOf view_of_ = ViewOf::keys;
  const Range* range_ = nullptr;
  const Text* text_ = nullptr;
  Iterator* iterator_ = nullptr;
};

// Fails for what is not iterable. An undefined value counts as empty.
base::Result<Walker> walk(Heap& heap, const Value& iterable);

bool is_iterable(const Value& value);

// All values of an iterable, as an array of their own or the list's own one.
base::Result<std::span<const Value>> items_of(Heap& heap, const Value& iterable);

Value list_of(Heap& heap, const std::vector<Value>& items);
Value tuple_of(Heap& heap, const std::vector<Value>& items);
// What a filter that Python writes as a generator gives.
Value iterator_of(Heap& heap, const std::vector<Value>& items);

}  // namespace chat
