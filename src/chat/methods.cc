#include "chat/methods.h"

#include <bit>
#include <cmath>

#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/iterate.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

Result<Value> sequence_index(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"value"};
  const auto [wanted] = TRY(lay_out_positional("index", arguments, kNames, 1));
  const std::span<const Value> items = TRY(items_of(interpreter.heap(), self));
  for (size_t i = 0; i < items.size(); ++i)
    if (TRY(equal(interpreter.heap(), items[i], wanted))) return Value::of(static_cast<int64_t>(i));
  return fail(Code::unsupported, base::cat("index: the value is not in the ", type_name(self)));
}

Result<Value> sequence_count(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"value"};
  const auto [wanted] = TRY(lay_out_positional("count", arguments, kNames, 1));
  int64_t n = 0;
  for (const Value& item : TRY(items_of(interpreter.heap(), self)))
    if (TRY(equal(interpreter.heap(), item, wanted))) ++n;
  return Value::of(n);
}

Result<Value> list_copy(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("copy", arguments));
  return Value::of(interpreter.heap().make<List>(self.list->items));
}

Result<Value> dict_copy(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("copy", arguments));
  Dict* copy =
      interpreter.heap().make<Dict>(*self.dict);  // neither will change, so they may share the entries
  copy->from_caller = false;
  return Value::of(static_cast<const Dict*>(copy));
}

Result<Value> dict_get(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"key", "default"};
  const auto [key, otherwise] = TRY(lay_out_positional("get", arguments, kNames, 1));
  if (!is_hashable(key)) return fail(Code::unsupported, base::cat("unhashable type: '", type_name(key), "'"));
  if (const Value* found = find_item(interpreter.heap(), *self.dict, key)) return *found;
  return otherwise.is_given() ? otherwise : Value::none();
}

template <ViewOf of>
Result<Value> dict_view(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("this method of a mapping", arguments));
  Value value = Value::of_kind(Kind::dict_view);
  value.view = interpreter.heap().make<DictView>(self.dict, of);
  return value;
}

Result<Value> bit_length(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("bit_length", arguments));
  return Value::of(static_cast<int64_t>(to_big(self).n_bits()));
}

Result<Value> bit_count(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("bit_count", arguments));
  int64_t n = 0;
  for (uint32_t limb : to_big(self).limbs()) n += std::popcount(limb);
  return Value::of(n);
}

Result<Value> itself(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("conjugate", arguments));
  return self.is(Kind::boolean) ? Value::of(self.small()) : self;
}

Result<Value> is_integer(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("is_integer", arguments));
  return Value::of(std::isfinite(self.floating) && self.floating == std::floor(self.floating));
}

Result<Value> cycler_next(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("next", arguments));
  Cycler& cycler = *self.cycler;
  const Value current = cycler.items[cycler.position];
  cycler.position = (cycler.position + 1) % cycler.items.size();
  return current;
}

Result<Value> cycler_reset(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("reset", arguments));
  self.cycler->position = 0;
  return Value::none();
}

Result<Value> loop_cycle(Interpreter&, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty())
    return fail(Code::unsupported, "cycle: at least one item has to be given");
  return arguments.positional[self.loop->index % arguments.positional.size()];
}

Result<Value> loop_changed(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Value now = Value::of(interpreter.heap().make<List>(arguments.positional), Kind::tuple);
  const bool same =
      self.loop->last_changed.is_given() && TRY(equal(interpreter.heap(), self.loop->last_changed, now));
  self.loop->last_changed = now;
  return Value::of(!same);
}

Result<Value> bytes_decode(Interpreter& interpreter, const Value& self, const Arguments&) {
  return Value::of(interpreter.heap().with_markup(*self.text, false));
}

constexpr MethodEntry kList[] = {{"index", sequence_index}, {"count", sequence_count}, {"copy", list_copy}};
constexpr MethodEntry kTuple[] = {{"index", sequence_index}, {"count", sequence_count}};
constexpr MethodEntry kDict[] = {{"get", dict_get},
                                 {"items", dict_view<ViewOf::items>},
                                 {"keys", dict_view<ViewOf::keys>},
                                 {"values", dict_view<ViewOf::values>},
                                 {"copy", dict_copy}};
constexpr MethodEntry kInteger[] = {
    {"bit_length", bit_length}, {"bit_count", bit_count}, {"conjugate", itself}};
constexpr MethodEntry kFloat[] = {{"is_integer", is_integer}, {"conjugate", itself}};
constexpr MethodEntry kCycler[] = {{"next", cycler_next}, {"reset", cycler_reset}};
constexpr MethodEntry kLoop[] = {{"cycle", loop_cycle}, {"changed", loop_changed}};
constexpr MethodEntry kBytes[] = {{"decode", bytes_decode}};

const MethodEntry* find_in(std::span<const MethodEntry> table, std::string_view name) {
  for (const MethodEntry& entry : table)
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace

std::span<const MethodEntry> other_methods(Kind kind) {
  switch (kind) {
    case Kind::list:
      return kList;
    case Kind::tuple:
    case Kind::range:
      return kTuple;
    case Kind::dict:
      return kDict;
    case Kind::boolean:
    case Kind::integer:
    case Kind::big_integer:
      return kInteger;
    case Kind::floating:
      return kFloat;
    case Kind::cycler:
      return kCycler;
    case Kind::loop:
      return kLoop;
    case Kind::bytes:
      return kBytes;
    default:
      return {};
  }
}

const MethodEntry* find_method(Kind kind, std::string_view name) {
  if (kind != Kind::text) return find_in(other_methods(kind), name);
  const MethodEntry* found = find_in(text_methods(), name);
  return found != nullptr ? found : find_in(text_form_methods(), name);
}

}  // namespace chat
