#include <algorithm>

#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/brace_format.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/iterate.h"
#include "chat/methods.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

template <bool left, bool right>
Result<Value> call_strip(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"chars"};
  const auto [chars] = TRY(lay_out_positional("strip", arguments, kNames));
  const Text* set = chars.is_none() ? nullptr : TRY(text_or("strip", chars, nullptr));
  TRY(interpreter.heap().step_bytes(set == nullptr ? 0 : set->size));
  return Value::of(strip(interpreter.heap(), *self.text, set, left, right));
}

template <bool from_end>
Result<Value> call_split(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"sep", "maxsplit"};
  const auto [sep, maxsplit] = TRY(lay_out("split", arguments, kNames));
  const int64_t most = TRY(integer_or("split", maxsplit, -1));
  Heap& heap = interpreter.heap();
  TRY(heap.step_bytes(self.text->size));
  if (!sep.is_given() || sep.is_none())
    return list_of(heap, TRY(from_end ? split_blanks_from_end(heap, *self.text, most)
                                      : split_blanks(heap, *self.text, most)));
  const Text* separator = TRY(text_or("split", sep, nullptr));
  if (separator->size == 0) return fail(Code::unsupported, "split: the separator is empty");
  return list_of(heap, TRY(from_end ? split_from_end(heap, *self.text, *separator, most)
                                    : split(heap, *self.text, *separator, most)));
}

Result<Value> call_splitlines(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"keepends"};
  const auto [keep] = TRY(lay_out("splitlines", arguments, kNames));
  TRY(interpreter.heap().step_bytes(self.text->size));
  return list_of(interpreter.heap(), TRY(split_lines(interpreter.heap(), *self.text, truth_or(keep, false))));
}

template <bool from_end>
Result<Value> call_partition(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"sep"};
  const auto [sep] = TRY(lay_out_positional("partition", arguments, kNames, 1));
  const Text* separator = TRY(text_or("partition", sep, nullptr));
  if (separator->size == 0) return fail(Code::unsupported, "partition: the separator is empty");
  Heap& heap = interpreter.heap();
  const Text& text = *self.text;
  TRY(heap.step_bytes(text.size));
  const size_t found =
      from_end ? find_last(text.view(), separator->view()) : find_first(text.view(), separator->view());
  const auto part = [&](size_t begin, size_t end) { return Value::of(heap.piece(text, begin, end)); };
  const Value empty = part(0, 0), whole = Value::of(&text);
  if (found == kNotFound)
    return tuple_of(
        heap, from_end ? std::vector<Value>{empty, empty, whole} : std::vector<Value>{whole, empty, empty});
  return tuple_of(
      heap, {part(0, found), part(found, found + separator->size), part(found + separator->size, text.size)});
}

// The part of a text between two indices of characters, as find(), count() and startswith() take them.
struct Window {
  const Text* text;
  int64_t begin;  // in characters
  bool valid;     // false: begins behind the end, where not even an empty text is found
};
Result<Window> window(Interpreter& interpreter, const Value& self, const Value& begin, const Value& end) {
  if (!begin.is_given()) return Window{self.text, 0, true};
  const int64_t size = static_cast<int64_t>(n_characters(*self.text));
  const Value part = TRY(slice_of(interpreter.heap(), self, begin, end, Value()));
  const int64_t first = begin.is_small() ? begin.small() : 0;
  return Window{part.text, first < 0 ? std::max<int64_t>(first + size, 0) : first, first <= size};
}

enum class Find { first, last };
template <Find which, bool must_be_there>
Result<Value> call_find(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"sub", "start", "end"};
  const auto [sub, start, end] = TRY(lay_out_positional("find", arguments, kNames, 1));
  const Text* wanted = TRY(text_or("find", sub, nullptr));
  TRY(interpreter.heap().step_bytes(self.text->size));
  const Window w = TRY(window(interpreter, self, start, end));
  const size_t found = !w.valid               ? kNotFound
                       : which == Find::first ? find_first(w.text->view(), wanted->view())
                                              : find_last(w.text->view(), wanted->view());
  if (found != kNotFound)
    return Value::of(w.begin + static_cast<int64_t>(n_characters(w.text->view().substr(0, found))));
  if (must_be_there) return fail(Code::unsupported, "index: substring not found");
  return Value::of(int64_t{-1});
}

Result<Value> call_count(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"sub", "start", "end"};
  const auto [sub, start, end] = TRY(lay_out_positional("count", arguments, kNames, 1));
  const Text* wanted = TRY(text_or("count", sub, nullptr));
  TRY(interpreter.heap().step_bytes(self.text->size));
  const Window w = TRY(window(interpreter, self, start, end));
  if (!w.valid) return Value::of(int64_t{0});
  const size_t n = wanted->size == 0 ? n_characters(*w.text) + 1 : count(w.text->view(), wanted->view());
  return Value::of(static_cast<int64_t>(n));
}

template <bool at_end>
Result<Value> call_starts_with(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"prefix", "start", "end"};
  const std::string_view name = at_end ? "endswith" : "startswith";
  const auto [prefix, start, end] = TRY(lay_out_positional(name, arguments, kNames, 1));
  const Window w = TRY(window(interpreter, self, start, end));
  const std::span<const Value> choices =
      prefix.is(Kind::tuple) ? prefix.list->items : std::span<const Value>(&prefix, 1);
  for (const Value& choice : choices) {
    const std::string_view text = TRY(text_or(name, choice, nullptr))->view();
    TRY(interpreter.heap().step_bytes(text.size()));
    if (w.valid && (at_end ? w.text->view().ends_with(text) : w.text->view().starts_with(text)))
      return Value::of(true);
  }
  return Value::of(false);
}

Result<Value> call_replace(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"old", "new", "count"};
  const auto [old, by, most] = TRY(lay_out_positional("replace", arguments, kNames, 2));
  const Text* old_text = TRY(text_or("replace", old, nullptr));
  const Text* new_text = TRY(text_or("replace", by, nullptr));
  return Value::of(TRY(
      replace(interpreter.heap(), *self.text, *old_text, *new_text, TRY(integer_or("replace", most, -1)))));
}

Result<Value> call_removeprefix(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"prefix"};
  const auto [prefix] = TRY(lay_out_positional("removeprefix", arguments, kNames, 1));
  const Text* text = TRY(text_or("removeprefix", prefix, nullptr));
  if (!self.text->view().starts_with(text->view())) return self;
  return Value::of(interpreter.heap().piece(*self.text, text->size, self.text->size));
}

Result<Value> call_removesuffix(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"suffix"};
  const auto [suffix] = TRY(lay_out_positional("removesuffix", arguments, kNames, 1));
  const Text* text = TRY(text_or("removesuffix", suffix, nullptr));
  if (!self.text->view().ends_with(text->view())) return self;
  return Value::of(interpreter.heap().piece(*self.text, 0, self.text->size - text->size));
}

Result<Value> call_join(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"iterable"};
  const auto [iterable] = TRY(lay_out_positional("join", arguments, kNames, 1));
  Heap& heap = interpreter.heap();
  const std::span<const Value> items = TRY(items_of(heap, iterable));
  TextBuilder out = heap.builder();
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_text())
      return fail(Code::unsupported, base::cat("join: item ", i, " is no string but ", type_name(items[i])));
    TRY(heap.step_bytes(items[i].text->size + self.text->size));
    if (i > 0) out.append(*self.text);
    out.append(self.text->markup ? *TRY(escape(heap, *items[i].text)) : *items[i].text);
  }
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), self.text->markup));
}

Result<Value> call_format(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  return brace_format(interpreter, *self.text, arguments);
}

Result<Value> call_format_map(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"mapping"};
  const auto [mapping] = TRY(lay_out_positional("format_map", arguments, kNames, 1));
  if (!mapping.is(Kind::dict)) return fail(Code::unsupported, "format_map: expected a mapping");
  std::vector<NamedArgument> named;
  for (const DictEntry& entry : mapping.dict->items())
    if (entry.key.is_text()) named.push_back({entry.key.text, entry.value});
  return brace_format(interpreter, *self.text, Arguments{{}, named});
}

// Characters by number: another text, another number, or none for nothing.
Result<Value> call_translate(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"table"};
  const auto [table] = TRY(lay_out_positional("translate", arguments, kNames, 1));
  if (!table.is(Kind::dict)) return fail(Code::unsupported, "translate: expected a mapping");
  Heap& heap = interpreter.heap();
  const Text& text = *self.text;
  TextBuilder out = heap.builder();
  for (size_t at = 0; at < text.size;) {
    TRY(heap.step());
    const size_t size = size_of_character(text.view(), at);
    const Value key = Value::of(static_cast<int64_t>(character_at(text.view(), at)));
    const Value* by = find_item(heap, *table.dict, key);
    if (by == nullptr)
      out.append_part(text, at, at + size);
    else if (by->is_text())
      out.append(*by->text);
    else if (!by->is_none())
      return fail(Code::unsupported, "translate: characters are replaced by strings or none");
    at += size;
  }
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), text.markup));
}

constexpr MethodEntry kMethods[] = {
    {"strip", call_strip<true, true>},
    {"lstrip", call_strip<true, false>},
    {"rstrip", call_strip<false, true>},
    {"split", call_split<false>},
    {"rsplit", call_split<true>},
    {"startswith", call_starts_with<false>},
    {"endswith", call_starts_with<true>},
    {"replace", call_replace},
    {"join", call_join},
    {"splitlines", call_splitlines},
    {"find", call_find<Find::first, false>},
    {"rfind", call_find<Find::last, false>},
    {"index", call_find<Find::first, true>},
    {"rindex", call_find<Find::last, true>},
    {"count", call_count},
    {"partition", call_partition<false>},
    {"rpartition", call_partition<true>},
    {"removeprefix", call_removeprefix},
    {"removesuffix", call_removesuffix},
    {"translate", call_translate},
    {"format", call_format},
    {"format_map", call_format_map},
};

}  // namespace

std::span<const MethodEntry> text_methods() {
  return kMethods;
}

}  // namespace chat
