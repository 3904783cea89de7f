#pragma once
// The syntax tree of a template. All of it lies in the arena of its Program and never changes.
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/arena.h"
#include "chat/numbers.h"
#include "chat/value.h"

namespace chat {

using Symbol = uint32_t;  // the number of a variable's name

struct Expression;
struct Statement;

using FilterFunction = base::Result<Value> (*)(Interpreter&, const Value&, const Arguments&);
using TestFunction = base::Result<bool> (*)(Interpreter&, const Value&, const Arguments&);

enum class ExpressionKind : uint8_t {
  constant,
  name,
  list,
  tuple,
  dict,  // items: key, value, key, value, ...
  negate,
  plus,
  logical_not,
  arithmetic,
  concatenate,  // items joined by ~
  compare,      // first, then comparisons
  logical_and,
  logical_or,
  conditional,  // first if second else third (or null)
  attribute,    // first.text
  subscript,    // first[second]
  slice,        // first[second:third:fourth], each of the last three may be null
  call,         // first(arguments)
  filter,       // first | text(arguments); first is null in a filter block
  test,         // first is [not] text(arguments)
};

enum class Comparator : uint8_t {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  in,
  not_in
};

struct Comparison {
  Comparator comparator;
  const Expression* operand;
};

struct NamedExpression {
  const Text* name;
  const Expression* value;
};

struct CallArguments {
  std::span<const Expression* const> positional;
  std::span<const NamedExpression> named;
  const Expression* more_positional = nullptr;  // *args
  const Expression* more_named = nullptr;       // **kwargs
};

struct Expression {
  ExpressionKind kind;
  Arithmetic arithmetic = Arithmetic::add;
  bool negated = false;  // test: "is not"
  int line = 0;
  int height = 1;  // of the tree below
  Symbol symbol = 0;
  const Text* text = nullptr;  // the name of an attribute, filter or test, or of a variable
  Value constant;
  const Expression* first = nullptr;
  const Expression* second = nullptr;
  const Expression* third = nullptr;
  const Expression* fourth = nullptr;
  std::span<const Expression* const> items;
  std::span<const Comparison> comparisons;
  const CallArguments* arguments = nullptr;
  FilterFunction filter = nullptr;  // null: unknown, an error when it is reached
  TestFunction test = nullptr;
};

// What a value is assigned to: a name, an attribute of a namespace, or several of these.
struct Target {
  Symbol symbol = 0;
  const Text* name = nullptr;
  const Text* attribute = nullptr;  // name.attribute
  bool is_tuple = false;
  std::span<const Target> items;
};

enum class StatementKind : uint8_t {
  text,
  print,
  if_else,  // each branch of items: condition (null for else) and body
  for_loop,
  set,
  set_block,
  macro,
  call_block,
  filter_block,
  with,
  block,
  autoescape,
  scope,  // the generation tag
  break_loop,
  continue_loop,
  unsupported,  // include, import, extends: an error when it is reached
};

using Body = std::span<const Statement* const>;

struct Branch {
  const Expression* condition;
  Body body;
};

struct Parameter {
  Symbol symbol;
  const Text* name;
  const Expression* default_value;  // or null
};

struct MacroSignature {
  std::span<const Parameter> parameters;
  bool takes_more_positional = false;  // its body mentions varargs, kwargs, caller
  bool takes_more_named = false;
  bool takes_caller = false;
};

struct Assignment {
  Target target;
  const Expression* value;
};

struct Statement {
  StatementKind kind;
  int line = 0;
  int height = 1;
  bool recursive = false;  // for_loop
  bool scoped = false;     // block: sees the variables around it
  Symbol symbol = 0;
  const Text* text = nullptr;  // text; the name of a macro or block; the tag that is unsupported
  const Expression* first =
      nullptr;  // for: iterable; set: value; call_block: call; filter_block, set_block: filter; autoescape
  const Expression* second = nullptr;              // for: condition
  std::span<const Expression* const> expressions;  // print
  std::span<const Branch> branches;
  std::span<const Assignment>
      assignments;  // set (one), set_block (one, without value), with, for (one, without value)
  Body body;
  Body else_body;
  const MacroSignature* signature = nullptr;  // macro, call_block
};

// Numbers for the names of variables, so that a lookup compares integers.
class SymbolTable {
 public:
  Symbol number(std::string_view name) {
    const auto [at, is_new] = numbers_.try_emplace(std::string(name), static_cast<Symbol>(numbers_.size()));
    return at->second;
  }
  // Null if the template never uses that name.
  const Symbol* find(std::string_view name) const {
    const auto at = numbers_.find(std::string(name));
    return at == numbers_.end() ? nullptr : &at->second;
  }
  size_t size() const { return numbers_.size(); }

 private:
  std::unordered_map<std::string, Symbol> numbers_;
};

class Program {
 public:
  Arena arena;
  std::string source;  // normalised; the tree's texts point into it
  SymbolTable symbols;
  std::vector<bool> read;  // by symbol: whether the template looks at a variable of that name
  Body body;
  std::vector<const Statement*> blocks;
  Symbol loop = 0, varargs = 0, kwargs = 0, caller = 0, self = 0;
};

}  // namespace chat
