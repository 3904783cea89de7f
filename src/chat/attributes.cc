#include <algorithm>

#include "base/strings.h"
#include "chat/dict.h"
#include "chat/globals.h"
#include "chat/interpreter.h"
#include "chat/methods.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

// What would change a list or mapping: the sandbox hides it.
bool changes_its_object(Kind kind, std::string_view name) {
  constexpr std::string_view kList[] = {"append", "clear",  "extend",  "insert",
                                        "pop",    "remove", "reverse", "sort"};
  constexpr std::string_view kDict[] = {"clear", "pop", "popitem", "setdefault", "update"};
  if (kind == Kind::list) return std::ranges::find(kList, name) != std::end(kList);
  return kind == Kind::dict && std::ranges::find(kDict, name) != std::end(kDict);
}

bool is_internal(std::string_view name) {
  return name.size() > 4 && name.starts_with("__") && name.ends_with("__");
}

Value loop_attribute(const Loop& loop, std::string_view name) {
  const auto number = [](size_t n) { return Value::of(static_cast<int64_t>(n)); };
  if (name == "index") return number(loop.index + 1);
  if (name == "index0") return number(loop.index);
  if (name == "first") return Value::of(loop.index == 0);
  if (name == "last") return Value::of(loop.index + 1 == loop.length);
  if (name == "length") return number(loop.length);
  if (name == "revindex") return number(loop.length - loop.index);
  if (name == "revindex0") return number(loop.length - loop.index - 1);
  if (name == "depth") return Value::of(int64_t{loop.depth});
  if (name == "depth0") return Value::of(int64_t{loop.depth} - 1);
  if (name == "previtem")
    return loop.index > 0 ? loop.item(loop.index - 1) : Value::undefined(nullptr, Missing::element);
  if (name == "nextitem")
    return loop.index + 1 < loop.length ? loop.item(loop.index + 1)
                                        : Value::undefined(nullptr, Missing::element);
  return Value();
}

Value macro_attribute(Heap& heap, const Macro& macro, std::string_view name) {
  const MacroSignature& signature = *macro.definition->signature;
  if (name == "name")
    return macro.definition->text == nullptr ? Value::none() : Value::of(macro.definition->text);
  if (name == "caller") return Value::of(signature.takes_caller);
  if (name == "catch_kwargs") return Value::of(signature.takes_more_named);
  if (name == "catch_varargs") return Value::of(signature.takes_more_positional);
  if (name != "arguments") return Value();
  std::span<Value> names = heap.arena().array<Value>(signature.parameters.size());
  for (size_t i = 0; i < names.size(); ++i) names[i] = Value::of(signature.parameters[i].name);
  return Value::of(heap.make<List>(std::span<const Value>(names)), Kind::tuple);
}

Value number_attribute(const Value& number, std::string_view name) {
  if (name == "real") return number.is(Kind::boolean) ? Value::of(number.small()) : number;
  if (name == "imag") return number.is(Kind::floating) ? Value::of(0.0) : Value::of(int64_t{0});
  if (number.is(Kind::floating)) return Value();
  if (name == "numerator") return number.is(Kind::boolean) ? Value::of(number.small()) : number;
  if (name == "denominator") return Value::of(int64_t{1});
  return Value();
}

Value range_attribute(const Range& range, std::string_view name) {
  if (name == "start") return Value::of(range.start);
  if (name == "stop") return Value::of(range.stop);
  if (name == "step") return Value::of(range.step);
  return Value();
}

// The element at a Python index; absent if there is none.
Value element(Heap& heap, const Value& sequence, int64_t index) {
  const auto from_start = [index](size_t size) {
    const int64_t n = static_cast<int64_t>(size);
    return index < 0 ? index + n : index;
  };
  if (sequence.is_sequence()) {
    const std::span<const Value> items = sequence.list->items;
    const int64_t i = from_start(items.size());
    return i >= 0 && i < static_cast<int64_t>(items.size()) ? items[static_cast<size_t>(i)] : Value();
  }
  if (sequence.is(Kind::range)) {
    const int64_t i = from_start(static_cast<size_t>(sequence.range->size));
    return i >= 0 && i < sequence.range->size ? Value::of(sequence.range->start + i * sequence.range->step)
                                              : Value();
  }
  const Text& text = *sequence.text;
  const int64_t i = from_start(n_characters(text));
  if (i < 0) return Value();
  const size_t begin = offset_of_character(text, static_cast<size_t>(i));
  if (begin >= text.size) return Value();
  return Value::of(heap.piece(text, begin, begin + size_of_character(text.view(), begin)));
}

bool has_elements(const Value& value) {
  return value.is_sequence() || value.is(Kind::range) || value.is_text();
}

}  // namespace

// What getattr() of Python would find.
Result<Value> Interpreter::own_attribute(const Value& value, const Text& name) {
  const std::string_view word = name.view();
  if (is_internal(word) || changes_its_object(value.kind, word))
    return Value::undefined(&name, Missing::unsafe);
  if (const MethodEntry* entry = find_method(value.kind, word)) {
    Value method = Value::of_kind(Kind::method);
    method.method = heap_.make<Method>(value, entry);
    return method;
  }
  switch (value.kind) {
    case Kind::loop:
      return loop_attribute(*value.loop, word);
    case Kind::macro:
      return macro_attribute(heap_, *value.macro, word);
    case Kind::boolean:
    case Kind::integer:
    case Kind::big_integer:
    case Kind::floating:
      return number_attribute(value, word);
    case Kind::range:
      return range_attribute(*value.range, word);
    case Kind::tuple:
      if (value.list->is_group && word == "grouper") return value.list->items[0];
      if (value.list->is_group && word == "list") return value.list->items[1];
      return Value();
    case Kind::name_space: {
      const Value* member = find_item(*value.name_space->members, word);
      return member == nullptr ? Value() : *member;
    }
    case Kind::cycler:
      if (word == "current") return value.cycler->items[value.cycler->position];
      return Value();
    case Kind::function:
      return function_attribute(*value.function, word);
    case Kind::self:
      for (const Statement* block : program_.blocks)
        if (block->text->view() == word) {
          Value reference = Value::of_kind(Kind::block);
          reference.block = heap_.make<Block>(block);
          return reference;
        }
      return Value();
    default:
      return Value();
  }
}

Result<Value> Interpreter::attribute(const Value& value, const Text& name) {
  if (value.is_undefined()) return undefined_error(value);
  const Value own = TRY(own_attribute(value, name));
  if (own.is_given()) return own;
  if (value.is(Kind::dict))
    if (const Value* found = find_item(*value.dict, name.view())) return *found;
  return Value::undefined(&name, Missing::attribute);
}

Result<Value> Interpreter::item(const Value& value, const Value& key) {
  if (value.is_undefined()) return undefined_error(value);
  if (value.is(Kind::dict))
    if (const Value* found = find_item(heap_, *value.dict, key)) return *found;
  if (has_elements(value) && key.is_small()) {
    if (value.is_text()) TRY(heap_.step_bytes(value.text->ascii ? 1 : value.text->size));
    const Value found = element(heap_, value, key.small());
    if (found.is_given()) return found;
  }
  if (!key.is_text()) return Value::undefined(nullptr, Missing::element);
  const Value own = TRY(own_attribute(value, *key.text));
  return own.is_given() ? own : Value::undefined(key.text, Missing::attribute);
}

}  // namespace chat
