#include <algorithm>

#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/dict.h"
#include "chat/filters.h"
#include "chat/iterate.h"
#include "chat/python_text.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

Result<Value> apply_length(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("length", arguments));
  const auto size = [](size_t n) { return Value::of(static_cast<int64_t>(n)); };
  switch (value.kind) {
    case Kind::undefined:
      return size(0);
    case Kind::text:
      TRY(interpreter.heap().step_bytes(value.text->ascii ? 0 : value.text->size));
      return size(n_characters(*value.text));
    case Kind::bytes:
      return size(value.text->size);
    case Kind::list:
    case Kind::tuple:
      return size(value.list->items.size());
    case Kind::dict:
      return size(value.dict->size);
    case Kind::dict_view:
      return size(value.view->dict->size);
    case Kind::range:
      return Value::of(value.range->size);
    case Kind::loop:
      return size(value.loop->length);
    default:
      return fail(Code::unsupported, base::cat("object of type '", type_name(value), "' has no length"));
  }
}

Result<Value> apply_list(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("list", arguments));
  return Value::of(interpreter.heap().make<List>(TRY(items_of(interpreter.heap(), value))));
}

Result<Value> apply_first(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("first", arguments));
  Walker walker = TRY(walk(interpreter.heap(), value));
  const Value first = TRY(walker.next());
  return first.is_given() ? first : Value::undefined(nullptr, Missing::element);
}

bool can_be_reversed(const Value& value) {
  return value.is_text() || value.is_sequence() || value.is(Kind::dict) || value.is(Kind::dict_view) ||
         value.is(Kind::range) || value.is_undefined();
}

Result<Value> apply_last(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("last", arguments));
  if (!can_be_reversed(value))
    return fail(Code::unsupported, base::cat("last: '", type_name(value), "' object cannot be reversed"));
  Heap& heap = interpreter.heap();
  if (value.is_text() && value.text->size > 0) {
    const Text& text = *value.text;
    return Value::of(
        heap.piece(text, text.size - size_of_character_before(text.view(), text.size), text.size));
  }
  const std::span<const Value> items = TRY(items_of(heap, value));
  return items.empty() ? Value::undefined(nullptr, Missing::element) : items.back();
}

Result<Value> apply_reverse(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("reverse", arguments));
  Heap& heap = interpreter.heap();
  if (value.is_text()) return slice_of(heap, value, Value(), Value(), Value::of(int64_t{-1}));
  const std::span<const Value> items = TRY(items_of(heap, value));
  std::vector<Value> reversed(items.rbegin(), items.rend());
  return iterator_of(heap, reversed);
}

Result<Value> apply_items(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("items", arguments));
  if (value.is_undefined()) return iterator_of(interpreter.heap(), {});
  if (!value.is(Kind::dict))
    return fail(Code::unsupported, base::cat("items: expected a mapping, got ", type_name(value)));
  Value view = Value::of_kind(Kind::dict_view);
  view.view = interpreter.heap().make<DictView>(value.dict, ViewOf::items);
  const std::span<const Value> pairs = TRY(items_of(interpreter.heap(), view));
  return iterator_of(interpreter.heap(), {pairs.begin(), pairs.end()});
}

Result<Value> apply_join(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"d", "attribute"};
  const auto [separator, attribute] = TRY(lay_out("join", arguments, kNames));
  Heap& heap = interpreter.heap();
  const bool escapes = interpreter.autoescape();
  const Text* between = separator.is_given() ? TRY(to_text(heap, separator)) : heap.empty_text();
  if (escapes) between = TRY(escape(heap, *between));
  const AttributePath path = TRY(AttributePath::parse(heap, attribute));
  TextBuilder out = heap.builder();
  Walker walker = TRY(walk(heap, value));
  for (bool first = true;; first = false) {
    const Value next = TRY(walker.next());
    if (!next.is_given()) break;
    const Text* text = TRY(to_text(heap, TRY(path.follow(interpreter, next))));
    TRY(heap.step_bytes(text->size + between->size));
    if (!first) out.append(*between);
    out.append(escapes ? *TRY(escape(heap, *text)) : *text);
  }
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), escapes));
}

Result<Value> apply_batch(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"linecount", "fill_with"};
  const auto [linecount, fill_with] = TRY(lay_out("batch", arguments, kNames, 1));
  Heap& heap = interpreter.heap();
  const size_t n = static_cast<size_t>(std::max<int64_t>(TRY(integer_or("batch", linecount, 1)), 1));
  const std::span<const Value> items = TRY(items_of(heap, value));
  std::vector<Value> batches;
  for (size_t begin = 0; begin < items.size(); begin += std::min(n, items.size() - begin)) {
    TRY(heap.step());
    const std::span<const Value> part = items.subspan(begin, std::min(n, items.size() - begin));
    std::vector<Value> batch(part.begin(), part.end());
    if (fill_with.is_given() && !fill_with.is_none() && batch.size() < n) {
      TRY(heap.reserve(n, sizeof(Value)));
      batch.resize(n, fill_with);
    }
    batches.push_back(list_of(heap, batch));
  }
  return iterator_of(heap, batches);
}

Result<Value> apply_slice(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"slices", "fill_with"};
  const auto [slices, fill_with] = TRY(lay_out("slice", arguments, kNames, 1));
  Heap& heap = interpreter.heap();
  const int64_t count = TRY(integer_or("slice", slices, 1));
  if (count == 0) return fail(Code::unsupported, "slice: the number of slices must not be zero");
  const std::span<const Value> items = TRY(items_of(heap, value));
  if (count > 0) TRY(heap.reserve(static_cast<size_t>(count), sizeof(List) + 2 * sizeof(Value)));
  std::vector<Value> result;
  size_t begin = 0;
  for (int64_t i = 0; i < count; ++i) {
    const size_t n = static_cast<size_t>(count), index = static_cast<size_t>(i);
    const bool longer = index < items.size() % n;
    const std::span<const Value> part = items.subspan(begin, items.size() / n + (longer ? 1 : 0));
    begin += part.size();
    std::vector<Value> column(part.begin(), part.end());
    if (fill_with.is_given() && !fill_with.is_none() && !longer) column.push_back(fill_with);
    result.push_back(list_of(heap, column));
  }
  return iterator_of(heap, result);
}

Result<Value> apply_sum(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"attribute", "start"};
  const auto [attribute, start] = TRY(lay_out("sum", arguments, kNames));
  const AttributePath path = TRY(AttributePath::parse(interpreter.heap(), attribute));
  Value sum = start.is_given() ? start : Value::of(int64_t{0});
  if (sum.is_text()) return fail(Code::unsupported, "sum: strings cannot be summed, join them");
  for (const Value& item : TRY(items_of(interpreter.heap(), value)))
    sum = TRY(interpreter.arithmetic(Arithmetic::add, sum, TRY(path.follow(interpreter, item))));
  return sum;
}

Result<Value> apply_random(Interpreter&, const Value&, const Arguments&) {
  return fail(Code::unsupported, "random: a prompt must not depend on chance");
}

constexpr FilterEntry kFilters[] = {
    {"length", apply_length}, {"count", apply_length},    {"list", apply_list},   {"first", apply_first},
    {"last", apply_last},     {"reverse", apply_reverse}, {"items", apply_items}, {"join", apply_join},
    {"batch", apply_batch},   {"slice", apply_slice},     {"sum", apply_sum},     {"random", apply_random},
};

}  // namespace

std::span<const FilterEntry> sequence_filters() {
  return kFilters;
}

}  // namespace chat
