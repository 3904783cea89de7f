#include "chat/arguments.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/interpreter.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

Status lay_out(std::string_view function, const Arguments& arguments, std::span<const std::string_view> names,
               size_t n_required, size_t n_positional_only, std::span<Value> values) {
  if (arguments.positional.size() > names.size())
    return fail(Code::unsupported, base::cat(function, " takes no more than ", names.size(), " arguments"));
  std::copy(arguments.positional.begin(), arguments.positional.end(), values.begin());
  for (const NamedArgument& argument : arguments.named) {
    const size_t i = static_cast<size_t>(std::ranges::find(names, argument.name->view()) - names.begin());
    if (i == names.size() || i < n_positional_only)
      return fail(Code::unsupported, base::cat(function, " takes no argument named '",
                                               base::printable(argument.name->view(), 60), "'"));
    if (values[i].is_given())
      return fail(Code::unsupported, base::cat(function, ": argument '", names[i], "' is given twice"));
    values[i] = argument.value;
  }
  for (size_t i = 0; i < n_required; ++i)
    if (!values[i].is_given())
      return fail(Code::unsupported, base::cat(function, ": argument '", names[i], "' is missing"));
  return {};
}

Status no_arguments(std::string_view function, const Arguments& arguments) {
  if (arguments.positional.empty() && arguments.named.empty()) return {};
  return fail(Code::unsupported, base::cat(function, " takes no arguments"));
}

Result<int64_t> integer_or(std::string_view function, const Value& value, int64_t otherwise) {
  if (!value.is_given()) return otherwise;
  if (value.is_undefined()) return undefined_error(value);
  if (value.is_small()) return value.small();
  return fail(Code::unsupported, base::cat(function, ": expected an integer, got ", type_name(value)));
}

Result<const Text*> text_or(std::string_view function, const Value& value, const Text* otherwise) {
  if (!value.is_given()) return otherwise;
  if (value.is_undefined()) return undefined_error(value);
  if (value.is_text()) return value.text;
  return fail(Code::unsupported, base::cat(function, ": expected a string, got ", type_name(value)));
}

}  // namespace chat
