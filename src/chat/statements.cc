#include "base/strings.h"
#include "chat/dict.h"
#include "chat/interpreter.h"
#include "chat/iterate.h"
#include "chat/python_text.h"
#include "chat/text_forms.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// Nested blocks are few (the parser sees to that), but each macro may hold that many.
constexpr int kMaxLevels = 2500;

}  // namespace

Status Interpreter::run(TextBuilder& out) {
  TRY(run(program_.body, nullptr, out));
  return {};
}

Result<Interpreter::Flow> Interpreter::run(Body body, Scope* scope, TextBuilder& out) {
  if (++levels_ > kMaxLevels)
    return fail(Code::exhausted,
                base::cat("the template is nested deeper than ", kMaxLevels, " levels (limit)"));
  for (const Statement* statement : body) {
    const Flow flow = TRY(run(*statement, scope, out));
    if (flow != Flow::normal) {
      --levels_;
      return flow;
    }
  }
  --levels_;
  return Flow::normal;
}

Result<Interpreter::Flow> Interpreter::run(const Statement& s, Scope* scope, TextBuilder& out) {
  TRY(heap_.step());
  line_ = s.line;
  switch (s.kind) {
    case StatementKind::text:
      TRY(heap_.step_bytes(s.text->size));
      out.append(*s.text);
      break;
    case StatementKind::print:
      TRY(print(s, scope, out));
      break;
    case StatementKind::if_else:
      return if_else(s, scope, out);
    case StatementKind::for_loop: {
      const Value iterable = TRY(evaluate(*s.first, scope));
      return for_loop(s, iterable, scope, /*depth=*/1, out);
    }
    case StatementKind::set:
      TRY(set(s, scope));
      break;
    case StatementKind::set_block:
      TRY(set_block(s, scope));
      break;
    case StatementKind::macro: {
      Value macro = Value::of_kind(Kind::macro);
      macro.macro = heap_.make<Macro>(&s, scope);
      bind(s.symbol, macro, scope);
      break;
    }
    case StatementKind::call_block:
      TRY(call_block(s, scope, out));
      break;
    case StatementKind::filter_block:
      TRY(filter_block(s, scope, out));
      break;
    case StatementKind::with:
      return with(s, scope, out);
    case StatementKind::block:
      // Unless it says otherwise, a block sees the template's own variables alone, also inside of a loop.
      return run(s.body, new_scope(s.scoped ? scope : nullptr), out);
    case StatementKind::autoescape:
      return autoescape(s, scope, out);
    case StatementKind::scope:
      return run(s.body, new_scope(scope), out);
    case StatementKind::break_loop:
      return Flow::broke;
    case StatementKind::continue_loop:
      return Flow::continued;
    case StatementKind::unsupported:
      return fail(Code::unsupported,
                  base::cat("'", s.text->view(), "' is not possible: a chat template is one file alone"));
  }
  if (out.overflowed())
    return fail(Code::exhausted,
                base::cat("the template prints more than ", base::format_bytes(out.max_bytes()), " (limit)"));
  return Flow::normal;
}

Status Interpreter::append(const Value& value, TextBuilder& out) {
  if (!autoescape_) return write_text(heap_, value, out);
  const Text* text = TRY(to_text(heap_, value));
  out.append(*TRY(escape(heap_, *text)));
  return {};
}

Status Interpreter::print(const Statement& s, Scope* scope, TextBuilder& out) {
  for (const Expression* e : s.expressions) TRY(append(TRY(evaluate(*e, scope)), out));
  return {};
}

Result<Interpreter::Flow> Interpreter::if_else(const Statement& s, Scope* scope, TextBuilder& out) {
  for (const Branch& branch : s.branches)
    if (branch.condition == nullptr || is_true(TRY(evaluate(*branch.condition, scope))))
      return run(branch.body, scope, out);
  return Flow::normal;
}

// What the loop will walk over: a range as it is, anything else as an array, and of that what its condition
// keeps.
Status Interpreter::fill_loop(Loop& loop, const Value& iterable, Scope* scope) {
  const Expression* condition = loop.statement->second;
  if (iterable.is(Kind::range) && condition == nullptr) {
    loop.range = iterable.range;
    loop.length = static_cast<size_t>(iterable.range->size);
    return {};
  }
  loop.items = TRY(items_of(heap_, iterable));
  if (condition != nullptr) {
    std::vector<Value> kept;
    Scope* inner = new_scope(scope);
    for (const Value& item : loop.items) {
      inner->size = 0;
      TRY(assign(loop.statement->assignments[0].target, item, inner));
      if (is_true(TRY(evaluate(*condition, inner)))) kept.push_back(item);
    }
    loop.items = heap_.arena().copy(kept);
  }
  loop.length = loop.items.size();
  return {};
}

Result<Interpreter::Flow> Interpreter::for_loop(const Statement& s, const Value& iterable, Scope* scope,
                                                int depth, TextBuilder& out) {
  Loop* loop = heap_.make<Loop>(&s, scope);
  loop->depth = depth;
  TRY(fill_loop(*loop, iterable, scope));
  Value loop_value = Value::of_kind(Kind::loop);
  loop_value.loop = loop;
  Scope* inner = new_scope(scope);
  bool any_finished =
      false;  // as in Jinja, a round that ends in break or continue does not count for the else part
  for (; loop->index < loop->length; ++loop->index) {
    TRY(heap_.step());
    inner->size = 0;
    bind(program_.loop, loop_value, inner);
    TRY(assign(s.assignments[0].target, loop->item(loop->index), inner));
    const Flow flow = TRY(run(s.body, inner, out));
    if (flow == Flow::broke) break;
    any_finished |= flow == Flow::normal;
  }
  if (any_finished) return Flow::normal;
  return run(s.else_body, new_scope(scope), out);
}

Status Interpreter::assign(const Target& target, const Value& value, Scope* scope) {
  if (target.is_tuple) {
    const std::span<const Value> items = TRY(items_of(heap_, value));
    if (items.size() != target.items.size())
      return fail(Code::unsupported,
                  base::cat("cannot unpack ", items.size(), " values into ", target.items.size(), " names"));
    for (size_t i = 0; i < items.size(); ++i) TRY(assign(target.items[i], items[i], scope));
    return {};
  }
  if (target.attribute == nullptr) {
    bind(target.symbol, value, scope);
    return {};
  }
  const Value name_space = lookup(target.symbol, scope);
  if (!name_space.is(Kind::name_space))
    return fail(Code::unsupported, base::cat("'", target.name->view(), "' is no namespace: its attribute '",
                                             target.attribute->view(), "' cannot be set"));
  if (target.attribute->view().starts_with('_'))
    return fail(Code::unsupported,
                base::cat("attribute '", target.attribute->view(), "' of a namespace cannot be set"));
  return set_item(heap_, *name_space.name_space->members, Value::of(target.attribute), value);
}

Status Interpreter::set(const Statement& s, Scope* scope) {
  const Value value = TRY(evaluate(*s.assignments[0].value, scope));
  line_ = s.line;
  return assign(s.assignments[0].target, value, scope);
}

Result<const Text*> Interpreter::capture(Body body, Scope* scope) {
  TextBuilder out = builder();
  TRY(run(body, scope, out));
  return heap_.finish(out);
}

Status Interpreter::set_block(const Statement& s, Scope* scope) {
  const Text* text = TRY(capture(s.body, new_scope(scope)));
  Value value = Value::of(heap_.with_markup(*text, autoescape_));
  if (s.first != nullptr) value = TRY(filter(*s.first, scope, &value));
  return assign(s.assignments[0].target, value, scope);
}

Status Interpreter::call_block(const Statement& s, Scope* scope, TextBuilder& out) {
  Value caller = Value::of_kind(Kind::macro);
  caller.macro = heap_.make<Macro>(&s, scope);
  const Value callee = TRY(evaluate(*s.first->first, scope));
  const Arguments arguments = TRY(evaluate_arguments(s.first->arguments, scope, &caller));
  line_ = s.line;
  return append(TRY(call(callee, arguments)), out);
}

Status Interpreter::filter_block(const Statement& s, Scope* scope, TextBuilder& out) {
  const Value captured = Value::of(heap_.with_markup(*TRY(capture(s.body, new_scope(scope))), autoescape_));
  const Value filtered = TRY(filter(*s.first, scope, &captured));
  if (!filtered.is_text())
    return fail(Code::unsupported, base::cat("a filter block must give a string, not ", type_name(filtered)));
  return append(filtered, out);
}

Result<Interpreter::Flow> Interpreter::with(const Statement& s, Scope* scope, TextBuilder& out) {
  Scope* inner = new_scope(scope);
  for (const Assignment& assignment : s.assignments) {
    const Value value = TRY(evaluate(*assignment.value, scope));
    TRY(assign(assignment.target, value, inner));
  }
  return run(s.body, inner, out);
}

Result<Interpreter::Flow> Interpreter::autoescape(const Statement& s, Scope* scope, TextBuilder& out) {
  const bool outside = autoescape_;
  autoescape_ = is_true(TRY(evaluate(*s.first, scope)));
  const Flow flow = TRY(run(s.body, new_scope(scope), out));
  autoescape_ = outside;
  return flow;
}

}  // namespace chat
