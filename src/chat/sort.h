#pragma once
// Python's sorted(): stable, with errors for values that have no order.
#include <vector>

#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

// The indices of `keys` in ascending (or descending) order; equal ones keep theirs.
base::Result<std::vector<size_t>> sorted_order(Heap& heap, const std::vector<Value>& keys, bool reverse);

}  // namespace chat
