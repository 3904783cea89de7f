#include "chat/iterate.h"

#include "base/strings.h"
#include "chat/dict.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

Value Walker::entry(const DictEntry& entry) const {
  if (view_of_ == ViewOf::keys) return entry.key;
  if (view_of_ == ViewOf::values) return entry.value;
  const std::span<Value> pair = heap_->arena().array<Value>(2);
  pair[0] = entry.key;
  pair[1] = entry.value;
  return Value::of(heap_->make<List>(std::span<const Value>(pair)), Kind::tuple);
}

Result<Value> Walker::next() {
  TRY(heap_->step());
  if (n_left() == 0) return Value();
  switch (kind_) {
    case Kind::dict:
      return entry(dict_->entries[position_++]);
    case Kind::range:
      return Value::of(
          static_cast<int64_t>(range_->start + static_cast<int64_t>(position_++) * range_->step));
    case Kind::text: {
      const size_t begin = position_;
      position_ += size_of_character(text_->view(), begin);
      return Value::of(heap_->piece(*text_, begin, position_));
    }
    case Kind::iterator:
      return iterator_->items[iterator_->position++];
    default:
      return items_[position_++];
  }
}

size_t Walker::n_left() const {
  switch (kind_) {
    case Kind::dict:
      return dict_->size - position_;
    case Kind::range:
      return static_cast<size_t>(range_->size) - position_;
    case Kind::text:
      return text_->size - position_;  // bytes: only whether any is left matters while walking
    case Kind::iterator:
      return iterator_->items.size() - iterator_->position;
    default:
      return items_.size() - position_;
  }
}

Result<Walker> walk(Heap& heap, const Value& iterable) {
  Walker walker(heap);
  walker.kind_ = iterable.kind;
  switch (iterable.kind) {
    case Kind::undefined:
      walker.kind_ = Kind::list;
      return walker;
    case Kind::list:
    case Kind::tuple:
      walker.items_ = iterable.list->items;
      return walker;
    case Kind::dict:
      walker.dict_ = iterable.dict;
      return walker;
    case Kind::dict_view:
      walker.kind_ = Kind::dict;
      walker.dict_ = iterable.view->dict;
      walker.view_of_ = iterable.view->of;
      return walker;
    case Kind::range:
      walker.range_ = iterable.range;
      return walker;
    case Kind::text:
      walker.text_ = iterable.text;
      return walker;
    case Kind::iterator:
      walker.iterator_ = iterable.iterator;
      return walker;
    default:
      return fail(Code::unsupported, base::cat("'", type_name(iterable), "' object is not iterable"));
  }
}

bool is_iterable(const Value& value) {
  switch (value.kind) {
    case Kind::undefined:
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
    case Kind::dict_view:
    case Kind::range:
    case Kind::text:
    case Kind::iterator:
    case Kind::bytes:
      return true;
    default:
      return false;
  }
}

Result<std::span<const Value>> items_of(Heap& heap, const Value& iterable) {
  if (iterable.is_sequence()) {
    TRY(heap.step(static_cast<int64_t>(iterable.list->items.size() / 4 + 1)));
    return iterable.list->items;
  }
  Walker walker = TRY(walk(heap, iterable));
  TRY(heap.reserve(walker.n_left(), sizeof(Value)));
  std::vector<Value> items;
  while (true) {
    const Value next = TRY(walker.next());
    if (!next.is_given()) break;
    items.push_back(next);
  }
  return std::span<const Value>(heap.arena().copy(items));
}

Value list_of(Heap& heap, const std::vector<Value>& items) {
  return Value::of(heap.make<List>(std::span<const Value>(heap.arena().copy(items))));
}

Value tuple_of(Heap& heap, const std::vector<Value>& items) {
  return Value::of(heap.make<List>(std::span<const Value>(heap.arena().copy(items))), Kind::tuple);
}

Value iterator_of(Heap& heap, const std::vector<Value>& items) {
  Value value = Value::of_kind(Kind::iterator);
  value.iterator = heap.make<Iterator>(std::span<const Value>(heap.arena().copy(items)));
  return value;
}

}  // namespace chat
