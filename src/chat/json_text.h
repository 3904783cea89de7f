#pragma once
// The tojson filter: values as JSON text, spaced as Python's json.dumps spaces them, each byte with its
// origin.
#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

struct JsonOptions {
  bool ensure_ascii = false;
  const Text* indent = nullptr;  // null: on one line
  const Text* item_separator = nullptr;
  const Text* key_separator = nullptr;
  bool sort_keys = false;
};

base::Status write_json(Heap& heap, const Value& value, const JsonOptions& options, TextBuilder& out);

}  // namespace chat
