#include "chat/filters.h"

#include "base/strings.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

FilterFunction find_filter(std::string_view name) {
  for (const auto table :
       {text_filters(), layout_filters(), sequence_filters(), select_filters(), value_filters()})
    for (const FilterEntry& entry : table)
      if (entry.name == name) return entry.apply;
  return nullptr;
}

Result<AttributePath> AttributePath::parse(Heap& heap, const Value& attribute) {
  AttributePath path;
  if (!attribute.is_given() || attribute.is_none()) return path;
  if (!attribute.is_text()) {
    if (!attribute.is_small()) return fail(Code::unsupported, "an attribute must be a name or an index");
    path.steps_.push_back(attribute);
    return path;
  }
  const Text& text = *attribute.text;
  for (size_t begin = 0; begin <= text.size;) {
    const size_t end = std::min(text.view().find('.', begin), size_t{text.size});
    const std::string_view part = text.view().substr(begin, end - begin);
    const bool digits = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    const auto index = digits ? base::parse_int(part) : std::nullopt;
    path.steps_.push_back(index ? Value::of(*index) : Value::of(heap.piece(text, begin, end)));
    begin = end + 1;
  }
  return path;
}

Result<Value> AttributePath::follow(Interpreter& interpreter, Value value, const Value& otherwise) const {
  for (const Value& step : steps_) {
    value = TRY(interpreter.item(value, step));
    if (value.is_undefined() && otherwise.is_given() && !otherwise.is_none()) value = otherwise;
  }
  return value;
}

}  // namespace chat
