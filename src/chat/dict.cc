#include "chat/dict.h"

#include <functional>

#include "base/strings.h"
#include "chat/compare.h"
#include "chat/numbers.h"

namespace chat {

using base::Code;
using base::fail;
using base::Status;

namespace {

constexpr size_t kLargestWithoutIndex = 8;

size_t mix(size_t seed, size_t more) {
  return (seed ^ more) * 0x9E3779B97F4A7C15u + (seed >> 7);
}

size_t hash_text(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

// Equal values have equal hashes, whatever their types. REQUIRES: hashable.
size_t hash(const Value& value) {
  switch (value.kind) {
    case Kind::boolean:
    case Kind::integer:
    case Kind::big_integer:
    case Kind::floating:
      return std::hash<double>{}(to_double(value));
    case Kind::text:
    case Kind::bytes:
      return hash_text(value.text->view());
    case Kind::tuple: {
      size_t result = value.list->items.size();
      for (const Value& item : value.list->items) result = mix(result, hash(item));
      return result;
    }
    case Kind::none:
    case Kind::undefined:
      return static_cast<size_t>(value.kind);
    case Kind::range:
      return static_cast<size_t>(value.range->size);
    default:
      return std::hash<const void*>{}(value.list);
  }
}

// Keys that are huge tuples of tuples are refused, so that hash() need count neither depth nor work.
constexpr int kLargestKey = 1000;
constexpr int kDeepestKey = 100;

bool is_hashable(const Value& value, int depth, int& values_left) {
  if (--values_left < 0 || depth > kDeepestKey) return false;
  if (value.is(Kind::tuple)) {
    for (const Value& item : value.list->items)
      if (!is_hashable(item, depth + 1, values_left)) return false;
    return true;
  }
  return value.kind != Kind::list && value.kind != Kind::dict && value.kind != Kind::dict_view;
}

bool same_key(Heap& heap, const Value& left, const Value& right) {
  if (left.is_text() && right.is_text()) return left.text->view() == right.text->view();
  const auto result = equal(heap, left, right);
  return result && *result;
}

void place(Dict& dict, size_t index) {
  size_t slot = hash(dict.entries[index].key) % dict.slots.size();
  while (dict.slots[slot] != 0) slot = (slot + 1) % dict.slots.size();
  dict.slots[slot] = static_cast<uint32_t>(index + 1);
}

Status grow(Heap& heap, Dict& dict) {
  const size_t capacity = dict.entries.size() < 4 ? 4 : dict.entries.size() * 2;
  TRY(heap.reserve(capacity, sizeof(DictEntry) + 2 * sizeof(uint32_t)));
  std::span<DictEntry> bigger = heap.arena().array<DictEntry>(capacity);
  for (size_t i = 0; i < dict.size; ++i) bigger[i] = dict.entries[i];
  dict.entries = bigger;
  if (capacity <= kLargestWithoutIndex) return {};
  dict.slots = heap.arena().array<uint32_t>(capacity * 2);
  for (size_t i = 0; i < dict.size; ++i) place(dict, i);
  return {};
}

template <class SameKey>
const DictEntry* search(const Dict& dict, size_t hash, SameKey same_key) {
  if (dict.slots.empty()) {
    for (const DictEntry& entry : dict.items())
      if (same_key(entry.key)) return &entry;
    return nullptr;
  }
  for (size_t slot = hash % dict.slots.size(); dict.slots[slot] != 0; slot = (slot + 1) % dict.slots.size()) {
    const DictEntry& entry = dict.entries[dict.slots[slot] - 1];
    if (same_key(entry.key)) return &entry;
  }
  return nullptr;
}

}  // namespace

Dict* make_dict(Heap& heap, size_t expected_size) {
  Dict* dict = heap.make<Dict>();
  if (expected_size == 0) return dict;
  dict->entries = heap.arena().array<DictEntry>(expected_size);
  if (expected_size > kLargestWithoutIndex) dict->slots = heap.arena().array<uint32_t>(expected_size * 2);
  return dict;
}

bool is_hashable(const Value& value) {
  int values_left = kLargestKey;
  return is_hashable(value, 0, values_left);
}

const Value* find_item(Heap& heap, const Dict& dict, const Value& key) {
  if (!is_hashable(key)) return nullptr;
  const DictEntry* entry = search(dict, dict.slots.empty() ? 0 : hash(key),
                                  [&](const Value& other) { return same_key(heap, other, key); });
  return entry == nullptr ? nullptr : &entry->value;
}

const Value* find_item(const Dict& dict, std::string_view key) {
  const DictEntry* entry = search(dict, dict.slots.empty() ? 0 : hash_text(key), [&](const Value& other) {
    return other.is_text() && other.text->view() == key;
  });
  return entry == nullptr ? nullptr : &entry->value;
}

Status set_item(Heap& heap, Dict& dict, const Value& key, const Value& value) {
  TRY(heap.step());
  if (!is_hashable(key)) return fail(Code::unsupported, base::cat("unhashable type: '", type_name(key), "'"));
  if (const Value* old = find_item(heap, dict, key)) {
    *const_cast<Value*>(old) = value;  // the entries are ours: only the search is shared with readers
    return {};
  }
  if (dict.size == dict.entries.size()) TRY(grow(heap, dict));
  dict.entries[dict.size] = {key, value};
  ++dict.size;
  if (!dict.slots.empty()) place(dict, dict.size - 1);
  return {};
}

}  // namespace chat
