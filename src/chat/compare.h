#pragma once
// Equality, order and membership as Python has them.
#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

base::Result<bool> equal(Heap& heap, const Value& left, const Value& right);

enum class Order { less, less_or_equal, greater, greater_or_equal };
// Fails where Python does: "'<' not supported between instances of 'str' and 'int'".
base::Result<bool> in_order(Heap& heap, Order order, const Value& left, const Value& right);

// `item in container`.
base::Result<bool> contains(Heap& heap, const Value& container, const Value& item);

// `is`: the same object. Equal numbers count as the same.
bool is_same(const Value& left, const Value& right);

}  // namespace chat
