#include "chat/value.h"

#include "chat/dict.h"

namespace chat {

std::string_view type_name(const Value& value) {
  switch (value.kind) {
    case Kind::absent:
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "NoneType";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
    case Kind::big_integer:
      return "int";
    case Kind::floating:
      return "float";
    case Kind::text:
      return value.text->markup ? "Markup" : "str";
    case Kind::bytes:
      return "bytes";
    case Kind::list:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::dict:
      return "dict";
    case Kind::dict_view:
      return value.view->of == ViewOf::keys     ? "dict_keys"
             : value.view->of == ViewOf::values ? "dict_values"
                                                : "dict_items";
    case Kind::range:
      return "range";
    case Kind::iterator:
      return "generator";
    case Kind::name_space:
      return "Namespace";
    case Kind::macro:
      return "Macro";
    case Kind::function:
      return "function";
    case Kind::method:
      return "builtin_function_or_method";
    case Kind::loop:
      return "LoopContext";
    case Kind::cycler:
      return "Cycler";
    case Kind::joiner:
      return "Joiner";
    case Kind::self:
      return "TemplateReference";
    case Kind::block:
      return "BlockReference";
  }
  return "object";
}

bool is_true(const Value& value) {
  switch (value.kind) {
    case Kind::absent:
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
      return value.boolean;
    case Kind::integer:
      return value.integer != 0;
    case Kind::floating:
      return value.floating != 0;
    case Kind::text:
    case Kind::bytes:
      return value.text->size > 0;
    case Kind::list:
    case Kind::tuple:
      return !value.list->items.empty();
    case Kind::dict:
      return value.dict->size > 0;
    case Kind::dict_view:
      return value.view->dict->size > 0;
    case Kind::range:
      return value.range->size > 0;
    default:
      return true;
  }
}

}  // namespace chat
