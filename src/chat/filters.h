#pragma once
// Jinja's filters: value | name(arguments).
#include <string_view>
#include <vector>

#include "chat/ast.h"
#include "chat/interpreter.h"

namespace chat {

// Null if there is none of that name.
FilterFunction find_filter(std::string_view name);

struct FilterEntry {
  std::string_view name;
  FilterFunction apply;
};
std::span<const FilterEntry> text_filters();  // filters_text.cc: one text to another
std::span<const FilterEntry>
layout_filters();  // filters_layout.cc: wrapping, indenting, escaping for HTML and URLs
std::span<const FilterEntry> sequence_filters();  // filters_sequence.cc: lists and mappings
std::span<const FilterEntry>
select_filters();  // filters_select.cc: map, select, sort, group: one value after another
std::span<const FilterEntry> value_filters();  // filters_value.cc: numbers, JSON, defaults

// The path of an `attribute=` argument: names and indices between dots.
class AttributePath {
 public:
  static base::Result<AttributePath> parse(Heap& heap, const Value& attribute);
  // What lies there; where a step finds nothing, `otherwise` if it is given.
  base::Result<Value> follow(Interpreter& interpreter, Value value, const Value& otherwise = Value()) const;

 private:
  std::vector<Value> steps_;
};

}  // namespace chat
