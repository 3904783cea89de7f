#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/dict.h"
#include "chat/interpreter.h"
#include "chat/methods.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

Result<Value> Interpreter::call(const Value& callee, const Arguments& arguments) {
  TRY(heap_.step());
  switch (callee.kind) {
    case Kind::function:
      return callee.function->call(*this, arguments);
    case Kind::method:
      return callee.method->entry->call(*this, callee.method->self, arguments);
    case Kind::undefined:
      return undefined_error(callee);
    case Kind::joiner: {
      const bool first = !callee.joiner->used;
      callee.joiner->used = true;
      return Value::of(first ? heap_.empty_text() : callee.joiner->separator);
    }
    case Kind::macro:
    case Kind::loop:
    case Kind::block:
      break;
    default:
      return fail(Code::unsupported, base::cat("'", type_name(callee), "' object is not callable"));
  }
  if (++calls_ > heap_.limits().max_depth)
    return fail(Code::exhausted, base::cat("macros and loops call each other deeper than ",
                                           heap_.limits().max_depth, " levels (limit)"));
  const int line = line_;
  const Value result =
      TRY(callee.is(Kind::macro) ? call_macro(*callee.macro, arguments)
          : callee.is(Kind::loop)
              ? call_loop(*callee.loop, arguments)
              : Result<Value>(Value::of(TRY(capture(callee.block->definition->body, new_scope(nullptr))))));
  line_ = line;
  --calls_;
  return result;
}

Result<Value> Interpreter::call_loop(const Loop& loop, const Arguments& arguments) {
  if (!loop.statement->recursive)
    return fail(Code::unsupported, "a loop must be marked 'recursive' to be called");
  if (arguments.positional.size() != 1 || !arguments.named.empty())
    return fail(Code::unsupported, "loop() takes one argument");
  TextBuilder out = builder();
  TRY(for_loop(*loop.statement, arguments.positional[0], loop.scope, loop.depth + 1, out));
  return Value::of(TRY(heap_.finish(out)));
}

Result<Value> Interpreter::call_macro(const Macro& macro, const Arguments& arguments) {
  Scope* scope = new_scope(macro.scope);
  TRY(bind_rest(macro, arguments, scope));
  TRY(bind_parameters(macro, arguments, scope));
  return Value::of(heap_.with_markup(*TRY(capture(macro.definition->body, scope)), autoescape_));
}

namespace {

const Value* find_named(const Arguments& arguments, std::string_view name) {
  for (const NamedArgument& argument : arguments.named)
    if (argument.name->view() == name) return &argument.value;
  return nullptr;
}

std::string name_of(const Macro& macro) {
  return macro.definition->text == nullptr ? "caller()"
                                           : base::cat("macro '", macro.definition->text->view(), "'");
}

}  // namespace

Status Interpreter::bind_parameters(const Macro& macro, const Arguments& arguments, Scope* scope) {
  const std::span<const Parameter> parameters = macro.definition->signature->parameters;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    const Value* named = find_named(arguments, parameter.name->view());
    if (i < arguments.positional.size()) {
      if (named != nullptr)
        return fail(Code::unsupported,
                    base::cat(name_of(macro), ": argument '", parameter.name->view(), "' is given twice"));
      bind(parameter.symbol, arguments.positional[i], scope);
    } else if (named != nullptr) {
      bind(parameter.symbol, *named, scope);
    } else if (parameter.default_value != nullptr) {
      bind(parameter.symbol, TRY(evaluate(*parameter.default_value, scope)), scope);
    } else {
      bind(parameter.symbol, Value::undefined(parameter.name, Missing::other), scope);
    }
  }
  return {};
}

// What is left over: varargs, kwargs and caller if the macro mentions them, an error if not.
Status Interpreter::bind_rest(const Macro& macro, const Arguments& arguments, Scope* scope) {
  const MacroSignature& signature = *macro.definition->signature;
  const size_t n_parameters = signature.parameters.size();
  std::span<const Value> more =
      arguments.positional.subspan(std::min(n_parameters, arguments.positional.size()));
  if (signature.takes_more_positional)
    bind(program_.varargs, Value::of(heap_.make<List>(more), Kind::tuple), scope);
  else if (!more.empty())
    return fail(Code::unsupported,
                base::cat(name_of(macro), " takes no more than ", n_parameters, " arguments"));
  if (signature.takes_caller) {
    const Value* caller = find_named(arguments, "caller");
    bind(program_.caller,
         caller != nullptr ? *caller : Value::undefined(heap_.borrow("caller", true), Missing::name), scope);
  }
  Dict* kwargs = make_dict(heap_);
  for (const NamedArgument& argument : arguments.named) {
    const std::string_view name = argument.name->view();
    const bool known =
        std::ranges::any_of(signature.parameters, [&](const Parameter& p) { return p.name->view() == name; });
    if (known || (name == "caller" && signature.takes_caller)) continue;
    if (!signature.takes_more_named || name == "caller")
      return fail(Code::unsupported,
                  base::cat(name_of(macro), " takes no argument '", base::printable(name, 60), "'"));
    TRY(set_item(heap_, *kwargs, Value::of(argument.name), argument.value));
  }
  if (signature.takes_more_named) bind(program_.kwargs, Value::of(static_cast<const Dict*>(kwargs)), scope);
  return {};
}

}  // namespace chat
