#include "chat/predicates.h"

#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filters.h"
#include "chat/interpreter.h"
#include "chat/iterate.h"
#include "chat/numbers.h"
#include "chat/python_text.h"
#include "chat/text_search.h"
#include "chat/unicode.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

using TypeQuestion = bool (*)(const Value&);

bool is_defined(const Value& v) {
  return !v.is_undefined();
}
bool is_undefined(const Value& v) {
  return v.is_undefined();
}
bool is_none(const Value& v) {
  return v.is_none();
}
bool is_boolean(const Value& v) {
  return v.is(Kind::boolean);
}
bool is_integer(const Value& v) {
  return v.is(Kind::integer) || v.is(Kind::big_integer);
}
bool is_float(const Value& v) {
  return v.is(Kind::floating);
}
bool is_number(const Value& v) {
  return v.is_number();
}
bool is_string(const Value& v) {
  return v.is_text();
}
bool is_mapping(const Value& v) {
  return v.is(Kind::dict);
}
bool is_true_itself(const Value& v) {
  return v.is(Kind::boolean) && v.boolean;
}
bool is_false_itself(const Value& v) {
  return v.is(Kind::boolean) && !v.boolean;
}
bool is_escaped(const Value& v) {
  return v.is_text() && v.text->markup;
}
bool is_sequence(const Value& v) {
  return v.is_text() || v.is_sequence() || v.is(Kind::dict) || v.is(Kind::range) || v.is_undefined() ||
         v.is(Kind::bytes);
}
bool is_callable(const Value& v) {
  return v.is(Kind::function) || v.is(Kind::method) || v.is(Kind::macro) || v.is(Kind::joiner) ||
         v.is(Kind::loop) || v.is(Kind::block) || v.is_undefined();
}

template <TypeQuestion question>
Result<bool> ask(Interpreter&, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("this test", arguments));
  return question(value);
}

template <bool odd>
Result<bool> test_parity(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("odd or even", arguments));
  const Value two = Value::of(int64_t{2});
  const Value rest = TRY(interpreter.arithmetic(Arithmetic::modulo, value, two));
  return TRY(equal(interpreter.heap(), rest, Value::of(int64_t{odd ? 1 : 0})));
}

Result<bool> test_divisible(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"num"};
  const auto [divisor] = TRY(lay_out("divisibleby", arguments, kNames, 1));
  const Value rest = TRY(interpreter.arithmetic(Arithmetic::modulo, value, divisor));
  return TRY(equal(interpreter.heap(), rest, Value::of(int64_t{0})));
}

Result<Value> other(const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"other"};
  return TRY(lay_out("this test", arguments, kNames, 1))[0];
}

template <bool expected>
Result<bool> test_equal(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  return TRY(equal(interpreter.heap(), value, TRY(other(arguments)))) == expected;
}

template <Order order>
Result<bool> test_order(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  const Value right = TRY(other(arguments));
  if (value.is_undefined()) return undefined_error(value);
  if (right.is_undefined()) return undefined_error(right);
  return in_order(interpreter.heap(), order, value, right);
}

Result<bool> test_in(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  return contains(interpreter.heap(), TRY(other(arguments)), value);
}

Result<bool> test_same(Interpreter&, const Value& value, const Arguments& arguments) {
  return is_same(value, TRY(other(arguments)));
}

Result<bool> test_iterable(Interpreter&, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("iterable", arguments));
  return is_iterable(value);
}

template <bool upper>
Result<bool> test_case(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("lower or upper", arguments));
  const Text* text = TRY(to_text(interpreter.heap(), value));
  bool any = false, all = true;
  for_each_character(text->view(), [&](size_t, size_t, char32_t c) {
    any |= upper ? is_upper(c) : is_lower(c);
    all = all && !(upper ? is_lower(c) : is_upper(c)) && !is_title(c);
  });
  return any && all;
}

Result<bool> test_filter(Interpreter&, const Value& value, const Arguments&) {
  return value.is_text() && find_filter(value.text->view()) != nullptr;
}
Result<bool> test_test(Interpreter&, const Value& value, const Arguments&) {
  return value.is_text() && find_test(value.text->view()) != nullptr;
}

struct TestEntry {
  std::string_view name;
  TestFunction test;
};

constexpr TestEntry kTests[] = {
    {"defined", ask<is_defined>},
    {"undefined", ask<is_undefined>},
    {"none", ask<is_none>},
    {"boolean", ask<is_boolean>},
    {"integer", ask<is_integer>},
    {"float", ask<is_float>},
    {"number", ask<is_number>},
    {"string", ask<is_string>},
    {"mapping", ask<is_mapping>},
    {"sequence", ask<is_sequence>},
    {"iterable", test_iterable},
    {"callable", ask<is_callable>},
    {"true", ask<is_true_itself>},
    {"false", ask<is_false_itself>},
    {"escaped", ask<is_escaped>},
    {"odd", test_parity<true>},
    {"even", test_parity<false>},
    {"divisibleby", test_divisible},
    {"eq", test_equal<true>},
    {"==", test_equal<true>},
    {"equalto", test_equal<true>},
    {"ne", test_equal<false>},
    {"!=", test_equal<false>},
    {"lt", test_order<Order::less>},
    {"<", test_order<Order::less>},
    {"lessthan", test_order<Order::less>},
    {"le", test_order<Order::less_or_equal>},
    {"<=", test_order<Order::less_or_equal>},
    {"gt", test_order<Order::greater>},
    {">", test_order<Order::greater>},
    {"greaterthan", test_order<Order::greater>},
    {"ge", test_order<Order::greater_or_equal>},
    {">=", test_order<Order::greater_or_equal>},
    {"in", test_in},
    {"sameas", test_same},
    {"lower", test_case<false>},
    {"upper", test_case<true>},
    {"filter", test_filter},
    {"test", test_test},
};

}  // namespace

TestFunction find_test(std::string_view name) {
  for (const TestEntry& entry : kTests)
    if (entry.name == name) return entry.test;
  return nullptr;
}

}  // namespace chat
