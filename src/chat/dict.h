#pragma once
// An ordered mapping with Python's keys: 1, 1.0 and True are one key, a list is none.
#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

struct DictEntry {
  Value key;
  Value value;
};

// Keys in the order in which they first came. Small ones are searched in order; from nine keys on there is an
// index.
struct Dict {
  std::span<DictEntry> entries;  // the first `size` are in use
  size_t size = 0;
  std::span<uint32_t> slots;  // index of an entry plus one; 0: free
  bool from_caller = false;   // printed as the caller's text, braces and all

  std::span<const DictEntry> items() const { return entries.first(size); }
};

Dict* make_dict(Heap& heap, size_t expected_size = 0);

// Sets or appends. Fails for a key that Python cannot hash.
base::Status set_item(Heap& heap, Dict& dict, const Value& key, const Value& value);

// Null if there is none. A key that cannot be hashed is never there.
const Value* find_item(Heap& heap, const Dict& dict, const Value& key);
const Value* find_item(const Dict& dict, std::string_view key);

bool is_hashable(const Value& value);

}  // namespace chat
