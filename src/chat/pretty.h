#pragma once
// The pprint filter: repr() that breaks what is wider than 80 columns over several lines, as Python's pprint
// does.
#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

base::Status write_pretty(Heap& heap, const Value& value, TextBuilder& out);

}  // namespace chat
