#pragma once
// Values as Python's str() and repr() show them, each byte with its origin: see docs/templates.md ("origin").
#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

// Appends str(value): what {{ value }} prints.
base::Status write_text(Heap& heap, const Value& value, TextBuilder& out);
base::Status write_repr(Heap& heap, const Value& value, TextBuilder& out);

// str(value) as a text; a text is given back as it is.
base::Result<const Text*> to_text(Heap& heap, const Value& value);

// 'it\'s' as repr() quotes it.
std::string quote_as_python(std::string_view text);

// For error messages: what an undefined value stands for, "'x' is undefined".
std::string describe_undefined(const Value& undefined);

}  // namespace chat
