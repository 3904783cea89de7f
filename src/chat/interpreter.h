#pragma once
// Runs a parsed template: evaluates expressions and appends what the statements print.
//
// One Interpreter does one rendering. It keeps count of how deep it is, so that no template can exhaust the
// stack.
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/ast.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

// Variables of one block, loop or macro, and where to look for others. The bottom of the chain is the
// interpreter's table of the template's own variables.
struct Binding {
  Symbol symbol;
  Value value;
};
struct Scope {
  Scope* parent = nullptr;  // null: only the template's variables are below
  std::span<Binding> bindings;
  size_t size = 0;
};

class Interpreter {
 public:
  Interpreter(const Program& program, Heap& heap, CivilTime now);

  // A variable of the template; ignored if the template never uses the name.
  void define(std::string_view name, const Value& value);
  base::Status run(TextBuilder& out);

  // The line that was being executed, for error messages.
  int line() const { return line_; }
  // True once raise_exception was called: the error is then the template's own.
  bool raised() const { return raised_; }
  void set_raised() { raised_ = true; }

  // What filters, tests, methods and globals need.
  Heap& heap() { return heap_; }
  const CivilTime& now() const { return now_; }
  bool autoescape() const { return autoescape_; }
  base::Result<Value> call(const Value& callee, const Arguments& arguments);
  // value.name and value[key] with the rules of Jinja: the other is tried where the one is not there.
  base::Result<Value> attribute(const Value& value, const Text& name);
  base::Result<Value> item(const Value& value, const Value& key);
  base::Result<Value> arithmetic(Arithmetic operation, const Value& left, const Value& right);

 private:
  enum class Flow : uint8_t { normal, broke, continued };
  class Level;

  // Expressions (interpreter.cc).
  base::Result<Value> evaluate(const Expression& e, Scope* scope);
  base::Result<Value> dispatch(const Expression& e, Scope* scope);
  base::Result<Value> literal_list(const Expression& e, Scope* scope);
  base::Result<Value> literal_dict(const Expression& e, Scope* scope);
  base::Result<Value> sign(const Expression& e, Scope* scope);
  base::Result<Value> binary(const Expression& e, Scope* scope);
  base::Result<Value> concatenate(const Expression& e, Scope* scope);
  base::Result<Value> compare(const Expression& e, Scope* scope);
  base::Result<bool> compare(Comparator comparator, const Value& left, const Value& right);
  base::Result<Value> logical(const Expression& e, Scope* scope);
  base::Result<Value> conditional(const Expression& e, Scope* scope);
  base::Result<Value> slice(const Expression& e, Scope* scope);
  base::Result<Value> call(const Expression& e, Scope* scope);
  base::Result<Value> filter(const Expression& e, Scope* scope, const Value* captured);
  base::Result<Value> test(const Expression& e, Scope* scope);
  base::Result<Value> add(const Value& left, const Value& right);
  base::Result<Value> repeat(const Value& sequence, const Value& times);
  base::Result<Arguments> evaluate_arguments(const CallArguments* arguments, Scope* scope,
                                             const Value* caller);

  // Variables.
  Value lookup(Symbol symbol, Scope* scope) const;
  void bind(Symbol symbol, const Value& value, Scope* scope);
  Scope* new_scope(Scope* parent) { return heap_.make<Scope>(parent); }
  base::Status assign(const Target& target, const Value& value, Scope* scope);

  // Statements (statements.cc).
  base::Result<Flow> run(Body body, Scope* scope, TextBuilder& out);
  base::Result<Flow> run(const Statement& s, Scope* scope, TextBuilder& out);
  base::Status print(const Statement& s, Scope* scope, TextBuilder& out);
  base::Result<Flow> if_else(const Statement& s, Scope* scope, TextBuilder& out);
  base::Result<Flow> for_loop(const Statement& s, const Value& iterable, Scope* scope, int depth,
                              TextBuilder& out);
  base::Status fill_loop(Loop& loop, const Value& iterable, Scope* scope);
  base::Status set(const Statement& s, Scope* scope);
  base::Status set_block(const Statement& s, Scope* scope);
  base::Status call_block(const Statement& s, Scope* scope, TextBuilder& out);
  base::Status filter_block(const Statement& s, Scope* scope, TextBuilder& out);
  base::Result<Flow> with(const Statement& s, Scope* scope, TextBuilder& out);
  base::Result<Flow> autoescape(const Statement& s, Scope* scope, TextBuilder& out);
  base::Result<const Text*> capture(Body body, Scope* scope);
  base::Status append(const Value& value, TextBuilder& out);
  TextBuilder builder() const { return heap_.builder(); }

  // Calls (calls.cc).
  base::Result<Value> call_macro(const Macro& macro, const Arguments& arguments);
  base::Status bind_parameters(const Macro& macro, const Arguments& arguments, Scope* scope);
  base::Status bind_rest(const Macro& macro, const Arguments& arguments, Scope* scope);
  base::Result<Value> call_loop(const Loop& loop, const Arguments& arguments);

  // Attributes (attributes.cc). Absent if there is none.
  base::Result<Value> own_attribute(const Value& value, const Text& name);

  const Program& program_;
  Heap& heap_;
  CivilTime now_;
  std::vector<Value> variables_;  // by symbol
  int line_ = 1;
  int levels_ = 0;  // of evaluate() and run() that are active
  int calls_ = 0;   // of macros, blocks and recursive loops that are active
  bool autoescape_ = false;
  bool raised_ = false;
};

// Python's x[begin:end:step]; absent or none where one is not given.
base::Result<Value> slice_of(Heap& heap, const Value& value, const Value& begin, const Value& end,
                             const Value& step);

// The error for an operation on an undefined value.
std::unexpected<base::Error> undefined_error(const Value& undefined);

}  // namespace chat
