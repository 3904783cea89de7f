#include <cmath>

#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/dict.h"
#include "chat/filters.h"
#include "chat/iterate.h"
#include "chat/json_text.h"
#include "chat/number_format.h"
#include "chat/pretty.h"
#include "chat/python_text.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

Result<Value> apply_default(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"default_value", "boolean"};
  const auto [otherwise, boolean] = TRY(lay_out("default", arguments, kNames));
  const bool missing = value.is_undefined() || (truth_or(boolean, false) && !is_true(value));
  if (!missing) return value;
  return otherwise.is_given() ? otherwise : Value::of(interpreter.heap().empty_text());
}

Result<Value> apply_abs(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("abs", arguments));
  if (!value.is_number())
    return fail(Code::unsupported, base::cat("abs: '", type_name(value), "' is no number"));
  if (value.is(Kind::floating)) return Value::of(std::fabs(value.floating));
  if (compare_numbers(value, Value::of(int64_t{0})) < 0) return negate(interpreter.heap(), value);
  return value.is(Kind::boolean) ? Value::of(value.small()) : value;
}

Result<Value> apply_int(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"default", "base"};
  const auto [otherwise, base] = TRY(lay_out("int", arguments, kNames));
  Heap& heap = interpreter.heap();
  if (value.is_undefined()) return undefined_error(value);
  if (value.is_text()) {
    const int64_t radix = TRY(integer_or("int", base, 10));
    if (radix >= 0 && radix <= 36)
      if (const auto whole = TRY(parse_integer(heap, value.text->view(), static_cast<int>(radix))))
        return *whole;
    // "42.7" counts as 42.
    const std::optional<double> number = parse_float(value.text->view());
    if (number && std::isfinite(*number)) return truncate(heap, *number);
  } else if (value.is(Kind::floating)) {
    if (!std::isnan(value.floating)) return truncate(heap, value.floating);
  } else if (value.is_number()) {
    return value.is(Kind::boolean) ? Value::of(value.small()) : value;
  }
  return otherwise.is_given() ? otherwise : Value::of(int64_t{0});
}

Result<Value> apply_float(Interpreter&, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"default"};
  const auto [otherwise] = TRY(lay_out("float", arguments, kNames));
  if (value.is_undefined()) return undefined_error(value);
  if (value.is_number()) return Value::of(to_double(value));
  if (value.is_text())
    if (const std::optional<double> number = parse_float(value.text->view())) return Value::of(*number);
  return otherwise.is_given() ? otherwise : Value::of(0.0);
}

Result<Value> apply_round(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"precision", "method"};
  const auto [precision, method] = TRY(lay_out("round", arguments, kNames));
  const int64_t n_digits = TRY(integer_or("round", precision, 0));
  const std::string_view how = method.is_text() ? method.text->view() : method.is_given() ? "" : "common";
  if (how != "common" && how != "ceil" && how != "floor")
    return fail(Code::unsupported, "round: the method must be 'common', 'ceil' or 'floor'");
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_number())
    return fail(Code::unsupported, base::cat("round: '", type_name(value), "' is no number"));
  Heap& heap = interpreter.heap();
  if (how == "common") return round_number(heap, value, n_digits);
  const Value unit = TRY(calculate(heap, Arithmetic::power, Value::of(int64_t{10}), Value::of(n_digits)));
  const Value scaled = TRY(calculate(heap, Arithmetic::multiply, value, unit));
  const double number = to_double(scaled);
  const Value whole = scaled.is(Kind::floating)
                          ? TRY(truncate(heap, how == "ceil" ? std::ceil(number) : std::floor(number)))
                          : scaled;
  return calculate(heap, Arithmetic::divide, whole, unit);
}

Result<Value> apply_filesizeformat(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"binary"};
  const auto [binary] = TRY(lay_out("filesizeformat", arguments, kNames));
  constexpr std::string_view kPrefixes = "kMGTPEZY";
  const bool powers_of_two = truth_or(binary, false);
  const double base = powers_of_two ? 1024 : 1000;
  const std::optional<double> parsed = value.is_text() ? parse_float(value.text->view()) : std::nullopt;
  if (!value.is_number() && !parsed)
    return fail(Code::unsupported, base::cat("filesizeformat: '", type_name(value), "' is no number"));
  const double bytes = parsed ? *parsed : to_double(value);
  const auto text = [&](const std::string& shown) { return Value::of(interpreter.heap().copy(shown, true)); };
  if (bytes == 1) return text("1 Byte");
  if (bytes < base) return text(base::cat(number_text(TRY(truncate(interpreter.heap(), bytes))), " Bytes"));
  double unit = base;
  size_t i = 0;
  while (i + 1 < kPrefixes.size() && bytes >= unit * base) {
    unit *= base;
    ++i;
  }
  const std::string prefix =
      powers_of_two ? std::string(1, i == 0 ? 'K' : kPrefixes[i]) + "iB" : std::string(1, kPrefixes[i]) + "B";
  return text(base::cat(float_digits(bytes / unit, 'f', 1, false), " ", prefix));
}

// indent as json.dumps takes it: a number of blanks or a text; null for none.
Result<const Text*> json_indent(Heap& heap, const Value& indent) {
  if (!indent.is_given() || indent.is_none()) return nullptr;
  if (indent.is_text()) return indent.text;
  const int64_t n = TRY(integer_or("tojson", indent, 0));
  if (n > 0) TRY(heap.reserve(static_cast<size_t>(n)));
  return heap.copy(std::string(n > 0 ? static_cast<size_t>(n) : 0, ' '), true);
}

Result<Value> apply_tojson(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"ensure_ascii", "indent", "separators", "sort_keys"};
  const auto [ensure_ascii, indent, separators, sort_keys] = TRY(lay_out("tojson", arguments, kNames));
  Heap& heap = interpreter.heap();
  JsonOptions options;
  options.ensure_ascii = truth_or(ensure_ascii, false);
  options.sort_keys = truth_or(sort_keys, false);
  options.indent = TRY(json_indent(heap, indent));
  options.item_separator = heap.borrow(options.indent == nullptr ? ", " : ",", true);
  options.key_separator = heap.borrow(": ", true);
  if (separators.is_given() && !separators.is_none()) {
    const std::span<const Value> two = TRY(items_of(heap, separators));
    if (two.size() != 2 || !two[0].is_text() || !two[1].is_text())
      return fail(Code::unsupported, "tojson: separators must be two strings");
    options.item_separator = two[0].text;
    options.key_separator = two[1].text;
  }
  TextBuilder out = heap.builder();
  TRY(write_json(heap, value, options, out));
  return Value::of(TRY(heap.finish(out)));
}

Result<Value> apply_pprint(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("pprint", arguments));
  TextBuilder out = interpreter.heap().builder();
  TRY(write_pretty(interpreter.heap(), value, out));
  return Value::of(TRY(interpreter.heap().finish(out)));
}

Result<Value> apply_attr(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"name"};
  const auto [name] = TRY(lay_out("attr", arguments, kNames, 1));
  const Text* text = TRY(text_or("attr", name, nullptr));
  if (!value.is(Kind::dict)) return interpreter.attribute(value, *text);
  // Only attributes, no keys.
  const Value found =
      TRY(interpreter.attribute(Value::of(static_cast<const Dict*>(interpreter.heap().make<Dict>())), *text));
  return found.is_undefined() ? found : interpreter.attribute(value, *text);
}

constexpr FilterEntry kFilters[] = {
    {"tojson", apply_tojson}, {"default", apply_default}, {"d", apply_default},
    {"int", apply_int},       {"float", apply_float},     {"abs", apply_abs},
    {"round", apply_round},   {"attr", apply_attr},       {"filesizeformat", apply_filesizeformat},
    {"pprint", apply_pprint},
};

}  // namespace

std::span<const FilterEntry> value_filters() {
  return kFilters;
}

}  // namespace chat
