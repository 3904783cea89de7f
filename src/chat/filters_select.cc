#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/arguments.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filters.h"
#include "chat/iterate.h"
#include "chat/predicates.h"
#include "chat/sort.h"
#include "chat/text_forms.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

// Texts in lower case, anything else as it is.
Result<Value> without_case(Heap& heap, const Value& value) {
  if (!value.is_text()) return value;
  return Value::of(TRY(recase(heap, *value.text, Casing::lower)));
}

Result<Value> sort_key(Interpreter& interpreter, const AttributePath& path, const Value& item,
                       bool case_sensitive, const Value& otherwise = Value()) {
  const Value key = TRY(path.follow(interpreter, item, otherwise));
  return case_sensitive ? key : TRY(without_case(interpreter.heap(), key));
}

Result<std::vector<Value>> sort_keys(Interpreter& interpreter, const AttributePath& path,
                                     std::span<const Value> items, bool case_sensitive,
                                     const Value& otherwise = Value()) {
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items)
    keys.push_back(TRY(sort_key(interpreter, path, item, case_sensitive, otherwise)));
  return keys;
}

// ---- one value after another

Result<Value> apply_map(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  Heap& heap = interpreter.heap();
  std::vector<Value> mapped;
  if (!is_true(value)) return iterator_of(heap, mapped);  // none and 0 count as empty
  if (arguments.positional.empty()) {
    constexpr std::string_view kNames[] = {"attribute", "default"};
    const auto [attribute, otherwise] = TRY(lay_out("map", arguments, kNames, 1));
    const AttributePath path = TRY(AttributePath::parse(heap, attribute));
    for (const Value& item : TRY(items_of(heap, value)))
      mapped.push_back(TRY(path.follow(interpreter, item, otherwise)));
    return iterator_of(heap, mapped);
  }
  const Text* name = TRY(text_or("map", arguments.positional[0], nullptr));
  const FilterFunction filter = find_filter(name->view());
  if (filter == nullptr)
    return fail(Code::unsupported, base::cat("there is no filter '", base::printable(name->view(), 60), "'"));
  const Arguments rest = {arguments.positional.subspan(1), arguments.named};
  for (const Value& item : TRY(items_of(heap, value))) {
    TRY(heap.step());
    mapped.push_back(TRY(filter(interpreter, item, rest)));
  }
  return iterator_of(heap, mapped);
}

// select, reject and their kin for attributes: keeps what a test (or, without one, its truth) says.
template <bool keep, bool by_attribute>
Result<Value> apply_select(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  Heap& heap = interpreter.heap();
  if (!is_true(value)) return iterator_of(heap, {});
  Arguments rest = arguments;
  AttributePath path;
  if (by_attribute) {
    if (rest.positional.empty())
      return fail(Code::unsupported, "selectattr and rejectattr need the name of an attribute");
    path = TRY(AttributePath::parse(heap, rest.positional[0]));
    rest.positional = rest.positional.subspan(1);
  }
  TestFunction test = nullptr;
  if (!rest.positional.empty()) {
    const Text* name = TRY(text_or("select", rest.positional[0], nullptr));
    test = find_test(name->view());
    if (test == nullptr)
      return fail(Code::unsupported, base::cat("there is no test '", base::printable(name->view(), 60), "'"));
    rest.positional = rest.positional.subspan(1);
  }
  std::vector<Value> kept;
  for (const Value& item : TRY(items_of(heap, value))) {
    TRY(heap.step());
    const Value subject = TRY(path.follow(interpreter, item));
    const bool yes = test == nullptr ? is_true(subject) : TRY(test(interpreter, subject, rest));
    if (yes == keep) kept.push_back(item);
  }
  return iterator_of(heap, kept);
}

Result<Value> apply_unique(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"case_sensitive", "attribute"};
  const auto [case_sensitive, attribute] = TRY(lay_out("unique", arguments, kNames));
  Heap& heap = interpreter.heap();
  const AttributePath path = TRY(AttributePath::parse(heap, attribute));
  Dict* seen = make_dict(heap);
  std::vector<Value> kept;
  for (const Value& item : TRY(items_of(heap, value))) {
    const Value key = TRY(sort_key(interpreter, path, item, truth_or(case_sensitive, false)));
    const size_t before = seen->size;
    TRY(set_item(heap, *seen, key, Value::none()));
    if (seen->size > before) kept.push_back(item);
  }
  return iterator_of(heap, kept);
}

// ---- order

// Several attributes, "age,name": the keys are lists.
Result<Value> apply_sort(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"reverse", "case_sensitive", "attribute"};
  const auto [reverse, case_sensitive, attribute] = TRY(lay_out("sort", arguments, kNames));
  Heap& heap = interpreter.heap();
  std::vector<AttributePath> paths;
  if (attribute.is_text()) {
    const Text* comma = heap.borrow(",", true);
    for (const Value& part : TRY(split(heap, *attribute.text, *comma, -1)))
      paths.push_back(TRY(AttributePath::parse(heap, part)));
  } else {
    paths.push_back(TRY(AttributePath::parse(heap, attribute)));
  }
  const std::span<const Value> items = TRY(items_of(heap, value));
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items) {
    std::vector<Value> parts;
    parts.reserve(paths.size());
    for (const AttributePath& path : paths)
      parts.push_back(TRY(sort_key(interpreter, path, item, truth_or(case_sensitive, false))));
    keys.push_back(parts.size() == 1 ? parts[0] : list_of(heap, parts));
  }
  std::vector<Value> sorted;
  for (size_t index : TRY(sorted_order(heap, keys, truth_or(reverse, false)))) sorted.push_back(items[index]);
  return list_of(heap, sorted);
}

Result<Value> apply_dictsort(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"case_sensitive", "by", "reverse"};
  const auto [case_sensitive, by, reverse] = TRY(lay_out("dictsort", arguments, kNames));
  const std::string_view what = by.is_text() ? by.text->view() : by.is_given() ? "" : "key";
  if (what != "key" && what != "value")
    return fail(Code::unsupported, "dictsort: sort by 'key' or by 'value'");
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is(Kind::dict))
    return fail(Code::unsupported, base::cat("dictsort: expected a mapping, got ", type_name(value)));
  Heap& heap = interpreter.heap();
  std::vector<Value> keys;
  keys.reserve(value.dict->size);
  for (const DictEntry& entry : value.dict->items()) {
    const Value& key = what == "key" ? entry.key : entry.value;
    keys.push_back(truth_or(case_sensitive, false) ? key : TRY(without_case(heap, key)));
  }
  std::vector<Value> sorted;
  for (size_t index : TRY(sorted_order(heap, keys, truth_or(reverse, false)))) {
    const DictEntry& entry = value.dict->entries[index];
    sorted.push_back(tuple_of(heap, {entry.key, entry.value}));
  }
  return list_of(heap, sorted);
}

Result<Value> apply_groupby(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"attribute", "default", "case_sensitive"};
  const auto [attribute, otherwise, case_sensitive] = TRY(lay_out("groupby", arguments, kNames, 1));
  Heap& heap = interpreter.heap();
  const AttributePath path = TRY(AttributePath::parse(heap, attribute));
  const std::span<const Value> items = TRY(items_of(heap, value));
  const std::vector<Value> keys =
      TRY(sort_keys(interpreter, path, items, truth_or(case_sensitive, false), otherwise));
  const std::vector<size_t> order = TRY(sorted_order(heap, keys, /*reverse=*/false));
  std::vector<Value> groups;
  for (size_t begin = 0; begin < order.size();) {
    std::vector<Value> members;
    size_t end = begin;
    for (; end < order.size() && TRY(equal(heap, keys[order[begin]], keys[order[end]])); ++end)
      members.push_back(items[order[end]]);
    if (end == begin) members.push_back(items[order[end++]]);  // a NaN equals nothing, not even itself
    std::span<Value> pair = heap.arena().array<Value>(2);
    pair[0] = TRY(path.follow(interpreter, members[0], otherwise));
    pair[1] = list_of(heap, members);
    List* group = heap.make<List>(std::span<const Value>(pair));
    group->is_group = true;
    groups.push_back(Value::of(group, Kind::tuple));
    begin = end;
  }
  return list_of(heap, groups);
}

template <bool largest>
Result<Value> apply_extreme(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"case_sensitive", "attribute"};
  const auto [case_sensitive, attribute] = TRY(lay_out(largest ? "max" : "min", arguments, kNames));
  Heap& heap = interpreter.heap();
  const AttributePath path = TRY(AttributePath::parse(heap, attribute));
  const std::span<const Value> items = TRY(items_of(heap, value));
  if (items.empty()) return Value::undefined(nullptr, Missing::element);
  const std::vector<Value> keys = TRY(sort_keys(interpreter, path, items, truth_or(case_sensitive, false)));
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i)
    if (TRY(in_order(heap, largest ? Order::greater : Order::less, keys[i], keys[best]))) best = i;
  return items[best];
}

constexpr FilterEntry kFilters[] = {
    {"map", apply_map},
    {"select", apply_select<true, false>},
    {"reject", apply_select<false, false>},
    {"selectattr", apply_select<true, true>},
    {"rejectattr", apply_select<false, true>},
    {"unique", apply_unique},
    {"sort", apply_sort},
    {"dictsort", apply_dictsort},
    {"groupby", apply_groupby},
    {"max", apply_extreme<true>},
    {"min", apply_extreme<false>},
};

}  // namespace

std::span<const FilterEntry> select_filters() {
  return kFilters;
}

}  // namespace chat
