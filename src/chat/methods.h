#pragma once
// Methods of texts, lists, mappings and numbers, as Python has them: those that change nothing.
#include <string_view>

#include "base/result.h"
#include "chat/interpreter.h"

namespace chat {

using MethodFunction = base::Result<Value> (*)(Interpreter&, const Value& self, const Arguments&);

struct MethodEntry {
  std::string_view name;
  MethodFunction call;
};

// Null if that kind of value has no such method.
const MethodEntry* find_method(Kind kind, std::string_view name);

// One table per kind.
std::span<const MethodEntry> text_methods();       // methods_text.cc: searching, cutting, replacing
std::span<const MethodEntry> text_form_methods();  // methods_form.cc: case, padding, questions
std::span<const MethodEntry> other_methods(Kind kind);

}  // namespace chat
