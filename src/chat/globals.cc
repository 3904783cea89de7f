#include "chat/globals.h"

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/arguments.h"
#include "chat/dict.h"
#include "chat/interpreter.h"
#include "chat/iterate.h"
#include "chat/python_text.h"
#include "chat/strftime.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr int64_t kMaxRange = 100'000;  // as Jinja's sandbox

Result<Value> make_range(Interpreter& interpreter, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"start", "stop", "step"};
  const auto given = TRY(lay_out_positional("range", arguments, kNames, 1));
  int64_t bounds[3] = {0, 0, 1};
  for (int i = 0; i < 3; ++i)
    if (given[i].is_given()) {
      if (!given[i].is_small())
        return fail(Code::unsupported, base::cat("range: '", type_name(given[i]), "' is no integer"));
      bounds[i] = given[i].small();
    }
  if (!given[1].is_given()) std::swap(bounds[0], bounds[1]);
  const auto [start, stop, step] = std::tuple(bounds[0], bounds[1], bounds[2]);
  if (step == 0) return fail(Code::unsupported, "range: the step must not be zero");
  const bool empty = step > 0 ? start >= stop : start <= stop;
  const uint64_t distance = empty      ? 0
                            : step > 0 ? static_cast<uint64_t>(stop) - static_cast<uint64_t>(start)
                                       : static_cast<uint64_t>(start) - static_cast<uint64_t>(stop);
  const uint64_t width = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  const uint64_t size = distance == 0 ? 0 : (distance - 1) / width + 1;
  if (size > kMaxRange)
    return fail(Code::exhausted, base::cat("range: more than ", kMaxRange, " numbers (limit)"));
  Value value = Value::of_kind(Kind::range);
  value.range = interpreter.heap().make<Range>(start, stop, step, static_cast<int64_t>(size));
  return value;
}

// dict(mapping or pairs, name=value...): also what namespace() takes.
Result<Dict*> fill_dict(Interpreter& interpreter, std::string_view function, const Arguments& arguments) {
  Heap& heap = interpreter.heap();
  if (arguments.positional.size() > 1)
    return fail(Code::unsupported, base::cat(function, " takes no more than one argument"));
  Dict* dict = make_dict(heap);
  for (const Value& source : arguments.positional) {
    if (source.is(Kind::dict)) {
      for (const DictEntry& entry : source.dict->items()) TRY(set_item(heap, *dict, entry.key, entry.value));
      continue;
    }
    for (const Value& pair : TRY(items_of(heap, source))) {
      const std::span<const Value> two = TRY(items_of(heap, pair));
      if (two.size() != 2)
        return fail(Code::unsupported, base::cat(function, ": expected pairs of key and value"));
      TRY(set_item(heap, *dict, two[0], two[1]));
    }
  }
  for (const NamedArgument& named : arguments.named)
    TRY(set_item(heap, *dict, Value::of(named.name), named.value));
  return dict;
}

Result<Value> call_dict(Interpreter& interpreter, const Arguments& arguments) {
  return Value::of(static_cast<const Dict*>(TRY(fill_dict(interpreter, "dict", arguments))));
}

Result<Value> call_fromkeys(Interpreter& interpreter, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"iterable", "value"};
  const auto [iterable, value] = TRY(lay_out_positional("fromkeys", arguments, kNames, 1));
  Dict* dict = make_dict(interpreter.heap());
  for (const Value& key : TRY(items_of(interpreter.heap(), iterable)))
    TRY(set_item(interpreter.heap(), *dict, key, value.is_given() ? value : Value::none()));
  return Value::of(static_cast<const Dict*>(dict));
}

Result<Value> call_namespace(Interpreter& interpreter, const Arguments& arguments) {
  Dict* members = TRY(fill_dict(interpreter, "namespace", arguments));
  for (const DictEntry& entry : members->items())
    if (entry.key.is_text() && entry.key.text->view().starts_with('_'))
      return fail(Code::unsupported, "a namespace cannot have an attribute that begins with '_'");
  Value value = Value::of_kind(Kind::name_space);
  value.name_space = interpreter.heap().make<Namespace>(members);
  return value;
}

Result<Value> call_cycler(Interpreter& interpreter, const Arguments& arguments) {
  if (arguments.positional.empty() || !arguments.named.empty())
    return fail(Code::unsupported, "cycler: at least one item has to be given");
  Value value = Value::of_kind(Kind::cycler);
  value.cycler = interpreter.heap().make<Cycler>(arguments.positional);
  return value;
}

Result<Value> call_joiner(Interpreter& interpreter, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"sep"};
  const auto [separator] = TRY(lay_out("joiner", arguments, kNames));
  Heap& heap = interpreter.heap();
  Value value = Value::of_kind(Kind::joiner);
  const Text* text = separator.is_given() ? TRY(to_text(heap, separator)) : heap.borrow(", ", true);
  value.joiner = heap.make<Joiner>(text);
  return value;
}

Result<Value> call_strftime_now(Interpreter& interpreter, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"format"};
  const auto [format] = TRY(lay_out("strftime_now", arguments, kNames, 1));
  const Text* text = TRY(text_or("strftime_now", format, nullptr));
  TRY(interpreter.heap().step_bytes(text->size * 4));
  TextBuilder out = interpreter.heap().builder();
  format_time(interpreter.now(), *text, out);
  return Value::of(TRY(interpreter.heap().finish(out)));
}

Result<Value> call_raise_exception(Interpreter& interpreter, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"message"};
  const auto [message] = TRY(lay_out("raise_exception", arguments, kNames, 1));
  const Text* text = TRY(to_text(interpreter.heap(), message));
  interpreter.set_raised();
  return fail(Code::invalid_argument, std::string(text->view()));
}

constexpr Function kGlobals[] = {
    {"range", make_range},
    {"dict", call_dict},
    {"namespace", call_namespace},
    {"cycler", call_cycler},
    {"joiner", call_joiner},
    {"strftime_now", call_strftime_now},
    {"raise_exception", call_raise_exception},
};
constexpr Function kFromKeys = {"fromkeys", call_fromkeys};

Value function_value(const Function& function) {
  Value value = Value::of_kind(Kind::function);
  value.function = &function;
  return value;
}

}  // namespace

void define_globals(const std::function<void(std::string_view, const Value&)>& define) {
  for (const Function& function : kGlobals) define(function.name, function_value(function));
}

Value function_attribute(const Function& function, std::string_view name) {
  return function.name == "dict" && name == "fromkeys" ? function_value(kFromKeys) : Value();
}

}  // namespace chat
