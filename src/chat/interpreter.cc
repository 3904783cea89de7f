#include "chat/interpreter.h"

#include "base/strings.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/globals.h"
#include "chat/iterate.h"
#include "chat/percent_format.h"
#include "chat/python_text.h"
#include "chat/text_forms.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// evaluate() and run() take a few hundred bytes of stack each; the template's own limit on nested calls is
// lower.
constexpr int kMaxLevels = 2500;

}  // namespace

class Interpreter::Level {
 public:
  explicit Level(Interpreter& interpreter) : interpreter_(interpreter) { ++interpreter_.levels_; }
  ~Level() { --interpreter_.levels_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  Status check() const {
    if (interpreter_.levels_ > kMaxLevels) [[unlikely]]
      return fail(Code::exhausted,
                  base::cat("the template is nested deeper than ", kMaxLevels, " levels (limit)"));
    return interpreter_.heap_.step();
  }

 private:
  Interpreter& interpreter_;
};

std::unexpected<base::Error> undefined_error(const Value& undefined) {
  return fail(Code::unsupported, describe_undefined(undefined));
}

Interpreter::Interpreter(const Program& program, Heap& heap, CivilTime now)
    : program_(program), heap_(heap), now_(now), variables_(program.symbols.size()) {
  define_globals([this](std::string_view name, const Value& value) { define(name, value); });
  variables_[program.self] = Value::of_kind(Kind::self);
}

void Interpreter::define(std::string_view name, const Value& value) {
  if (const Symbol* symbol = program_.symbols.find(name)) variables_[*symbol] = value;
}

Value Interpreter::lookup(Symbol symbol, Scope* scope) const {
  for (; scope != nullptr; scope = scope->parent)
    for (size_t i = scope->size; i-- > 0;)
      if (scope->bindings[i].symbol == symbol) return scope->bindings[i].value;
  return variables_[symbol];
}

void Interpreter::bind(Symbol symbol, const Value& value, Scope* scope) {
  if (scope == nullptr) {
    variables_[symbol] = value;
    return;
  }
  for (Binding& binding : scope->bindings.first(scope->size))
    if (binding.symbol == symbol) {
      binding.value = value;
      return;
    }
  if (scope->size == scope->bindings.size()) {
    std::span<Binding> bigger = heap_.arena().array<Binding>(scope->size == 0 ? 4 : scope->size * 2);
    for (size_t i = 0; i < scope->size; ++i) bigger[i] = scope->bindings[i];
    scope->bindings = bigger;
  }
  scope->bindings[scope->size++] = {symbol, value};
}

Result<Value> Interpreter::evaluate(const Expression& e, Scope* scope) {
  if (e.kind == ExpressionKind::constant) return e.constant;
  const Level level(*this);
  TRY(level.check());
  line_ = e.line;
  return dispatch(e, scope);
}

Result<Value> Interpreter::dispatch(const Expression& e, Scope* scope) {
  switch (e.kind) {
    case ExpressionKind::constant:
      return e.constant;
    case ExpressionKind::name: {
      const Value value = lookup(e.symbol, scope);
      return value.is_given() ? value : Value::undefined(e.text, Missing::name);
    }
    case ExpressionKind::list:
    case ExpressionKind::tuple:
      return literal_list(e, scope);
    case ExpressionKind::dict:
      return literal_dict(e, scope);
    case ExpressionKind::negate:
    case ExpressionKind::plus:
      return sign(e, scope);
    case ExpressionKind::logical_not:
      return Value::of(!is_true(TRY(evaluate(*e.first, scope))));
    case ExpressionKind::arithmetic:
      return binary(e, scope);
    case ExpressionKind::concatenate:
      return concatenate(e, scope);
    case ExpressionKind::compare:
      return compare(e, scope);
    case ExpressionKind::logical_and:
    case ExpressionKind::logical_or:
      return logical(e, scope);
    case ExpressionKind::conditional:
      return conditional(e, scope);
    case ExpressionKind::attribute:
      return attribute(TRY(evaluate(*e.first, scope)), *e.text);
    case ExpressionKind::subscript: {
      const Value value = TRY(evaluate(*e.first, scope));
      return item(value, TRY(evaluate(*e.second, scope)));
    }
    case ExpressionKind::slice:
      return slice(e, scope);
    case ExpressionKind::call:
      return call(e, scope);
    case ExpressionKind::filter:
      return filter(e, scope, nullptr);
    case ExpressionKind::test:
      return test(e, scope);
  }
  return Value();
}

Result<Value> Interpreter::literal_list(const Expression& e, Scope* scope) {
  std::span<Value> items = heap_.arena().array<Value>(e.items.size());
  for (size_t i = 0; i < items.size(); ++i) items[i] = TRY(evaluate(*e.items[i], scope));
  return Value::of(heap_.make<List>(std::span<const Value>(items)),
                   e.kind == ExpressionKind::tuple ? Kind::tuple : Kind::list);
}

Result<Value> Interpreter::literal_dict(const Expression& e, Scope* scope) {
  Dict* dict = make_dict(heap_, e.items.size() / 2);
  for (size_t i = 0; i < e.items.size(); i += 2) {
    const Value key = TRY(evaluate(*e.items[i], scope));
    const Value value = TRY(evaluate(*e.items[i + 1], scope));
    TRY(set_item(heap_, *dict, key, value));
  }
  return Value::of(static_cast<const Dict*>(dict));
}

Result<Value> Interpreter::sign(const Expression& e, Scope* scope) {
  const Value value = TRY(evaluate(*e.first, scope));
  const bool minus = e.kind == ExpressionKind::negate;
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_number())
    return fail(Code::unsupported,
                base::cat("bad operand type for unary ", minus ? "-" : "+", ": '", type_name(value), "'"));
  if (minus) return negate(heap_, value);
  return value.is(Kind::boolean) ? Value::of(value.small()) : value;
}

Result<Value> Interpreter::binary(const Expression& e, Scope* scope) {
  const Value left = TRY(evaluate(*e.first, scope));
  const Value right = TRY(evaluate(*e.second, scope));
  line_ = e.line;
  return arithmetic(e.arithmetic, left, right);
}

Result<Value> Interpreter::arithmetic(Arithmetic operation, const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return calculate(heap_, operation, left, right);
  if (operation == Arithmetic::modulo && left.is_text()) return percent_format(*this, *left.text, right);
  if (left.is_undefined()) return undefined_error(left);
  if (right.is_undefined()) return undefined_error(right);
  if (operation == Arithmetic::add)
    if (const Value sum = TRY(add(left, right)); sum.is_given()) return sum;
  if (operation == Arithmetic::multiply) {
    if (const Value product = TRY(repeat(left, right)); product.is_given()) return product;
    if (const Value product = TRY(repeat(right, left)); product.is_given()) return product;
  }
  return fail(Code::unsupported, base::cat("unsupported operand types for ", symbol_of(operation), ": '",
                                           type_name(left), "' and '", type_name(right), "'"));
}

// Texts, lists or tuples one after the other; absent for anything else.
Result<Value> Interpreter::add(const Value& left, const Value& right) {
  if (left.is_text() && right.is_text()) {
    if (left.text->markup == right.text->markup)
      return Value::of(
          heap_.with_markup(*TRY(heap_.concatenate(*left.text, *right.text)), left.text->markup));
    const Text* safe_left = TRY(escape(heap_, *left.text));
    const Text* safe_right = TRY(escape(heap_, *right.text));
    return Value::of(heap_.with_markup(*TRY(heap_.concatenate(*safe_left, *safe_right)), true));
  }
  if (left.kind != right.kind || !left.is_sequence()) return Value();
  const std::span<const Value> a = left.list->items, b = right.list->items;
  TRY(heap_.reserve(a.size() + b.size(), sizeof(Value)));
  std::span<Value> items = heap_.arena().array<Value>(a.size() + b.size());
  std::copy(a.begin(), a.end(), items.begin());
  std::copy(b.begin(), b.end(), items.begin() + static_cast<std::ptrdiff_t>(a.size()));
  return Value::of(heap_.make<List>(std::span<const Value>(items)), left.kind);
}

// A text or list as many times; absent if these are not that.
Result<Value> Interpreter::repeat(const Value& sequence, const Value& times) {
  if ((!sequence.is_text() && !sequence.is_sequence()) || !times.is_small()) return Value();
  const size_t n = times.small() > 0 ? static_cast<size_t>(times.small()) : 0;
  if (sequence.is_text()) {
    if (sequence.text->size > 0) TRY(heap_.reserve(n, sequence.text->size));
    TextBuilder out = builder();
    for (size_t i = 0; i < n && sequence.text->size > 0; ++i) out.append(*sequence.text);
    return Value::of(heap_.with_markup(*TRY(heap_.finish(out)), sequence.text->markup));
  }
  const std::span<const Value> once = sequence.list->items;
  if (!once.empty()) TRY(heap_.reserve(n, once.size() * sizeof(Value)));
  std::span<Value> items = heap_.arena().array<Value>(once.empty() ? 0 : n * once.size());
  for (size_t i = 0; i < items.size(); ++i) items[i] = once[i % once.size()];
  return Value::of(heap_.make<List>(std::span<const Value>(items)), sequence.kind);
}

Result<Value> Interpreter::concatenate(const Expression& e, Scope* scope) {
  const Text* joined = nullptr;
  for (const Expression* item : e.items) {
    const Value value = TRY(evaluate(*item, scope));
    const Text* text = TRY(to_text(heap_, value));
    if (autoescape_) text = TRY(escape(heap_, *text));
    joined = joined == nullptr ? text : TRY(heap_.concatenate(*joined, *text));
  }
  return Value::of(heap_.with_markup(*joined, autoescape_));
}

Result<bool> Interpreter::compare(Comparator comparator, const Value& left, const Value& right) {
  switch (comparator) {
    case Comparator::equal:
      return equal(heap_, left, right);
    case Comparator::not_equal:
      return !TRY(equal(heap_, left, right));
    case Comparator::in:
      return contains(heap_, right, left);
    case Comparator::not_in:
      return !TRY(contains(heap_, right, left));
    default:
      break;
  }
  if (left.is_undefined()) return undefined_error(left);
  if (right.is_undefined()) return undefined_error(right);
  const Order order = comparator == Comparator::less            ? Order::less
                      : comparator == Comparator::less_or_equal ? Order::less_or_equal
                      : comparator == Comparator::greater       ? Order::greater
                                                                : Order::greater_or_equal;
  return in_order(heap_, order, left, right);
}

Result<Value> Interpreter::compare(const Expression& e, Scope* scope) {
  Value left = TRY(evaluate(*e.first, scope));
  for (const Comparison& comparison : e.comparisons) {
    const Value right = TRY(evaluate(*comparison.operand, scope));
    if (!TRY(compare(comparison.comparator, left, right))) return Value::of(false);
    left = right;
  }
  return Value::of(true);
}

Result<Value> Interpreter::logical(const Expression& e, Scope* scope) {
  const Value left = TRY(evaluate(*e.first, scope));
  if (is_true(left) == (e.kind == ExpressionKind::logical_or)) return left;
  return evaluate(*e.second, scope);
}

Result<Value> Interpreter::conditional(const Expression& e, Scope* scope) {
  if (is_true(TRY(evaluate(*e.second, scope)))) return evaluate(*e.first, scope);
  if (e.third != nullptr) return evaluate(*e.third, scope);
  return Value::undefined();
}

Result<Value> Interpreter::slice(const Expression& e, Scope* scope) {
  const Value value = TRY(evaluate(*e.first, scope));
  Value bounds[3];
  const Expression* given[] = {e.second, e.third, e.fourth};
  for (int i = 0; i < 3; ++i)
    if (given[i] != nullptr) bounds[i] = TRY(evaluate(*given[i], scope));
  return slice_of(heap_, value, bounds[0], bounds[1], bounds[2]);
}

Result<Arguments> Interpreter::evaluate_arguments(const CallArguments* given, Scope* scope,
                                                  const Value* caller) {
  if (given == nullptr) return Arguments{};
  std::span<const Value> more;
  if (given->more_positional != nullptr)
    more = TRY(items_of(heap_, TRY(evaluate(*given->more_positional, scope))));
  const Dict* more_named = nullptr;
  if (given->more_named != nullptr) {
    const Value value = TRY(evaluate(*given->more_named, scope));
    if (!value.is(Kind::dict)) return fail(Code::unsupported, "the argument after ** must be a mapping");
    more_named = value.dict;
  }
  TRY(heap_.reserve(given->positional.size() + more.size(), sizeof(Value)));
  std::span<Value> positional = heap_.arena().array<Value>(given->positional.size() + more.size());
  for (size_t i = 0; i < given->positional.size(); ++i)
    positional[i] = TRY(evaluate(*given->positional[i], scope));
  std::copy(more.begin(), more.end(),
            positional.begin() + static_cast<std::ptrdiff_t>(given->positional.size()));
  const size_t n_more = more_named == nullptr ? 0 : more_named->size;
  std::span<NamedArgument> named =
      heap_.arena().array<NamedArgument>(given->named.size() + n_more + (caller == nullptr ? 0 : 1));
  size_t n = 0;
  for (const NamedExpression& argument : given->named)
    named[n++] = {argument.name, TRY(evaluate(*argument.value, scope))};
  for (size_t i = 0; i < n_more; ++i) {
    const DictEntry& entry = more_named->entries[i];
    if (!entry.key.is_text()) return fail(Code::unsupported, "keywords must be strings");
    named[n++] = {entry.key.text, entry.value};
  }
  if (caller != nullptr) named[n++] = {heap_.borrow("caller", true), *caller};
  return Arguments{positional, named};
}

Result<Value> Interpreter::call(const Expression& e, Scope* scope) {
  const Value callee = TRY(evaluate(*e.first, scope));
  const Arguments arguments = TRY(evaluate_arguments(e.arguments, scope, nullptr));
  line_ = e.line;
  return call(callee, arguments);
}

Result<Value> Interpreter::filter(const Expression& e, Scope* scope, const Value* captured) {
  // In a filter block the chain begins with what the block printed.
  const bool innermost = e.first == nullptr;
  const bool inner_chain = captured != nullptr && !innermost;
  const Value value = innermost     ? *captured
                      : inner_chain ? TRY(filter(*e.first, scope, captured))
                                    : TRY(evaluate(*e.first, scope));
  const Arguments arguments = TRY(evaluate_arguments(e.arguments, scope, nullptr));
  line_ = e.line;
  if (e.filter == nullptr)
    return fail(Code::unsupported, base::cat("there is no filter '", e.text->view(), "'"));
  return e.filter(*this, value, arguments);
}

Result<Value> Interpreter::test(const Expression& e, Scope* scope) {
  const Value value = TRY(evaluate(*e.first, scope));
  const Arguments arguments = TRY(evaluate_arguments(e.arguments, scope, nullptr));
  line_ = e.line;
  if (e.test == nullptr) return fail(Code::unsupported, base::cat("there is no test '", e.text->view(), "'"));
  return Value::of(TRY(e.test(*this, value, arguments)) != e.negated);
}

}  // namespace chat
