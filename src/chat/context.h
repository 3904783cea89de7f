#pragma once
// JSON of the caller as values of the template language.
#include "base/json.h"
#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

// Strings are borrowed from `json`, which must outlive the rendering. `trusted`: whether they, and brackets
// around them, count as the template's own.
base::Result<Value> to_value(Heap& heap, const base::Json& json, bool trusted);

// Roughly how many bytes of text and structure there are, for limits that grow with the input.
size_t weight_bytes(const base::Json& json);

}  // namespace chat
