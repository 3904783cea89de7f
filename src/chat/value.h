#pragma once
// A value of the template language, with Python's types and rules.
//
// A Value is small and copied freely; what it points to lives in an arena (the program's or the rendering's)
// and never changes, apart from namespaces, loops, cyclers, joiners and iterators.
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "chat/text.h"

namespace chat {

class Interpreter;
struct Arguments;
struct BigLimbs;
struct Dict;
struct MethodEntry;
struct Scope;
struct Statement;
struct Value;

enum class Kind : uint8_t {
  absent,  // no value at all: an argument that was not given
  undefined,
  none,
  boolean,
  integer,
  big_integer,  // beyond 64 bits
  floating,
  text,
  bytes,  // what encode() gives
  list,
  tuple,
  dict,
  dict_view,  // what keys(), values() and items() give
  range,
  iterator,  // what map, select and their like give: can be walked once
  name_space,
  macro,
  function,  // a global
  method,    // a function bound to a value
  loop,
  cycler,
  joiner,
  self,   // the template itself
  block,  // self.NAME
};

// For a kind that is undefined: what was looked for where.
enum class Missing : uint8_t { name, attribute, element, unsafe, other };

struct List {
  std::span<const Value> items;
  bool from_caller = false;  // printed as the caller's text, brackets and all
  bool is_group = false;     // a tuple of groupby: has .grouper and .list
};

struct Range {
  int64_t start, stop, step, size;
};

struct Iterator {
  std::span<const Value> items;
  size_t position = 0;
};

enum class ViewOf : uint8_t { keys, values, items };
struct DictView {
  const Dict* dict;
  ViewOf of;
};

struct Namespace {
  Dict* members;
};

struct Macro {
  const Statement* definition;
  Scope* scope;  // where it was defined
};

using NativeFunction = base::Result<Value> (*)(Interpreter&, const Arguments&);
struct Function {
  std::string_view name;
  NativeFunction call;
};

struct Method;
struct Loop;
struct Cycler;
struct Joiner;
struct Block;

struct Value {
  Kind kind = Kind::absent;
  Missing missing = Missing::name;
  union {
    bool boolean;
    int64_t integer = 0;
    double floating;
    const BigLimbs* big;
    const Text* text;  // text, bytes; undefined: the name looked for (or null)
    const List* list;  // list, tuple
    const Dict* dict;
    const DictView* view;
    const Range* range;
    Iterator* iterator;
    Namespace* name_space;
    const Macro* macro;
    const Function* function;
    const Method* method;
    Loop* loop;
    Cycler* cycler;
    Joiner* joiner;
    const Block* block;
  };

  Value() = default;
  static Value none() { return of_kind(Kind::none); }
  static Value undefined(const Text* name = nullptr, Missing missing = Missing::other) {
    Value value = of_kind(Kind::undefined);
    value.missing = missing;
    value.text = name;
    return value;
  }
  static Value of(bool b) {
    Value value = of_kind(Kind::boolean);
    value.boolean = b;
    return value;
  }
  static Value of(int64_t i) {
    Value value = of_kind(Kind::integer);
    value.integer = i;
    return value;
  }
  static Value of(double d) {
    Value value = of_kind(Kind::floating);
    value.floating = d;
    return value;
  }
  static Value of(const Text* t) {
    Value value = of_kind(Kind::text);
    value.text = t;
    return value;
  }
  static Value of(const List* l, Kind kind = Kind::list) {
    Value value = of_kind(kind);
    value.list = l;
    return value;
  }
  static Value of(const Dict* d) {
    Value value = of_kind(Kind::dict);
    value.dict = d;
    return value;
  }
  static Value of_kind(Kind kind) {
    Value value;
    value.kind = kind;
    return value;
  }

  bool is(Kind k) const { return kind == k; }
  bool is_given() const { return kind != Kind::absent; }
  bool is_none() const { return kind == Kind::none; }
  bool is_undefined() const { return kind == Kind::undefined; }
  bool is_text() const { return kind == Kind::text; }
  bool is_sequence() const { return kind == Kind::list || kind == Kind::tuple; }
  bool is_number() const {
    return kind == Kind::boolean || kind == Kind::integer || kind == Kind::big_integer ||
           kind == Kind::floating;
  }
  // REQUIRES: a boolean or an integer.
  int64_t small() const { return kind == Kind::boolean ? int64_t{boolean} : integer; }
  bool is_small() const { return kind == Kind::boolean || kind == Kind::integer; }
};

struct Method {
  Value self;
  const MethodEntry* entry;
};

struct Loop {
  const Statement* statement;
  Scope* scope;  // around the loop
  const Range* range = nullptr;
  std::span<const Value> items;  // unless it is a range
  size_t index = 0;
  size_t length = 0;
  int depth = 1;
  Value last_changed;

  Value item(size_t i) const {
    return range == nullptr ? items[i] : Value::of(range->start + static_cast<int64_t>(i) * range->step);
  }
};

struct Cycler {
  std::span<const Value> items;
  size_t position = 0;
};

struct Joiner {
  const Text* separator;
  bool used = false;
};

struct Block {
  const Statement* definition;
};

// A positional or named argument list of a call, filter or test.
struct NamedArgument {
  const Text* name;
  Value value;
};
struct Arguments {
  std::span<const Value> positional;
  std::span<const NamedArgument> named;
};

// Python's name for the type: "str", "int", "dict", ...
std::string_view type_name(const Value& value);

// Python's truth.
bool is_true(const Value& value);

}  // namespace chat
