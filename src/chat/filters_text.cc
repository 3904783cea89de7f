#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/dict.h"
#include "chat/filters.h"
#include "chat/percent_format.h"
#include "chat/python_text.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

Result<const Text*> text_of(Interpreter& interpreter, const Value& value) {
  return to_text(interpreter.heap(), value);
}

template <Casing casing>
Result<Value> apply_case(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("this filter", arguments));
  return Value::of(TRY(recase(interpreter.heap(), *TRY(text_of(interpreter, value)), casing)));
}

template <auto form>
Result<Value> apply_form(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("this filter", arguments));
  return Value::of(TRY(form(interpreter.heap(), *TRY(text_of(interpreter, value)))));
}

Result<Value> apply_center(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"width"};
  const auto [width] = TRY(lay_out("center", arguments, kNames));
  Heap& heap = interpreter.heap();
  const Text* text = TRY(text_of(interpreter, value));
  return Value::of(TRY(center(heap, *text, TRY(integer_or("center", width, 80)), *heap.borrow(" ", true))));
}

Result<Value> apply_trim(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"chars"};
  const auto [chars] = TRY(lay_out("trim", arguments, kNames));
  const Text* set = chars.is_none() ? nullptr : TRY(text_or("trim", chars, nullptr));
  return Value::of(strip(interpreter.heap(), *TRY(text_of(interpreter, value)), set, true, true));
}

Result<Value> apply_replace(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"old", "new", "count"};
  const auto [old, by, most] = TRY(lay_out("replace", arguments, kNames, 2));
  Heap& heap = interpreter.heap();
  const Text* text = TRY(text_of(interpreter, value));
  if (!interpreter.autoescape()) text = heap.with_markup(*text, false);
  const Text* old_text = TRY(text_of(interpreter, old));
  const Text* new_text = TRY(text_of(interpreter, by));
  const int64_t n = most.is_none() ? -1 : TRY(integer_or("replace", most, -1));
  return Value::of(TRY(replace(heap, *text, *old_text, *new_text, n)));
}

Result<Value> apply_format(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  if (!arguments.positional.empty() && !arguments.named.empty())
    return fail(Code::unsupported, "format: positional and named arguments cannot be mixed");
  Heap& heap = interpreter.heap();
  const Text* format = TRY(text_of(interpreter, value));
  if (arguments.named.empty())
    return percent_format(interpreter, *format,
                          Value::of(heap.make<List>(arguments.positional), Kind::tuple));
  Dict* dict = make_dict(heap);
  for (const NamedArgument& named : arguments.named)
    TRY(set_item(heap, *dict, Value::of(named.name), named.value));
  return percent_format(interpreter, *format, Value::of(static_cast<const Dict*>(dict)));
}

Result<Value> apply_string(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("string", arguments));
  return Value::of(TRY(text_of(interpreter, value)));
}

Result<Value> apply_safe(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("safe", arguments));
  return Value::of(interpreter.heap().with_markup(*TRY(text_of(interpreter, value)), true));
}

Result<Value> apply_escape(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("escape", arguments));
  return Value::of(TRY(escape(interpreter.heap(), *TRY(text_of(interpreter, value)))));
}

Result<Value> apply_forceescape(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("forceescape", arguments));
  Heap& heap = interpreter.heap();
  return Value::of(TRY(escape(heap, *heap.with_markup(*TRY(text_of(interpreter, value)), false))));
}

bool is_word_character(char32_t c) {
  return c == '_' || is_alphabetic(c) || is_decimal(c) || is_digit(c) || is_numeric(c);
}

Result<Value> apply_wordcount(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("wordcount", arguments));
  const Text* text = TRY(text_of(interpreter, value));
  TRY(interpreter.heap().step_bytes(text->size * 4));
  int64_t n = 0;
  bool in_word = false;
  for_each_character(text->view(), [&](size_t, size_t, char32_t c) {
    const bool word = is_word_character(c);
    if (word && !in_word) ++n;
    in_word = word;
  });
  return Value::of(n);
}

Result<Value> apply_truncate(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"length", "killwords", "end", "leeway"};
  const auto [length, killwords, end, leeway] = TRY(lay_out("truncate", arguments, kNames));
  Heap& heap = interpreter.heap();
  const Text* mark = TRY(text_or("truncate", end, heap.borrow("...", true)));
  const int64_t most = TRY(integer_or("truncate", length, 255));
  const int64_t extra = leeway.is_none() ? 5 : TRY(integer_or("truncate", leeway, 5));
  const int64_t kept = most - static_cast<int64_t>(n_characters(*mark));
  if (kept < 0 || extra < 0) return fail(Code::unsupported, "truncate: the length is too short");
  if (value.is_undefined() ||
      (value.is_sequence() && static_cast<int64_t>(value.list->items.size()) <= most + extra))
    return value;
  if (!value.is_text())
    return fail(Code::unsupported, base::cat("truncate: expected a string, got ", type_name(value)));
  const Text* text = value.text;
  if (static_cast<int64_t>(n_characters(*text)) <= most + extra) return value;
  const Text* cut = heap.piece(*text, 0, offset_of_character(*text, static_cast<size_t>(kept)));
  if (!truth_or(killwords, false))
    if (const size_t blank = cut->view().rfind(' '); blank != std::string_view::npos)
      cut = heap.piece(*cut, 0, blank);
  return Value::of(TRY(heap.concatenate(*cut, *mark)));
}

constexpr FilterEntry kFilters[] = {
    {"trim", apply_trim},
    {"upper", apply_case<Casing::upper>},
    {"lower", apply_case<Casing::lower>},
    {"capitalize", apply_form<capitalize>},
    {"title", apply_form<title_words>},
    {"center", apply_center},
    {"replace", apply_replace},
    {"format", apply_format},
    {"string", apply_string},
    {"safe", apply_safe},
    {"escape", apply_escape},
    {"e", apply_escape},
    {"forceescape", apply_forceescape},
    {"wordcount", apply_wordcount},
    {"truncate", apply_truncate},
};

}  // namespace

std::span<const FilterEntry> text_filters() {
  return kFilters;
}

}  // namespace chat
