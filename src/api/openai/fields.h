#pragma once
// Every request field that is known by name, and what becomes of it. The documentation's table is made from
// this one.
//
//   served   does what it says
//   hint     accepted; has no effect here, and is listed in the reply's header x-ignored-fields
//   refused  a demand that is not met here: 400 naming the field, unless its value demands nothing (n: 1,
//   tools: [])
//
// A field that is not in the table is treated like a hint. JSON null is the same as absence.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/openai/errors.h"
#include "base/json.h"

namespace api::openai {

enum class Endpoint { chat, completions };
enum class Treatment { unknown, served, hint, refused };

struct Field {
  std::string_view name;
  std::string_view type;  // for the documentation
  Treatment chat;
  Treatment completions;
  std::string_view harmless;  // of a refused field: JSON values that demand nothing, separated by |
  std::string_view note;      // for the documentation and, if refused, for the error

  Treatment on(Endpoint endpoint) const { return endpoint == Endpoint::chat ? chat : completions; }
};

std::span<const Field> all_fields();

// Names of fields that have no effect, in the order of the request, or the error for the first that is
// refused. REQUIRES: an object.
struct FieldCheck {
  std::vector<std::string> ignored;
  std::optional<ApiError> error;
};
FieldCheck check_fields(const base::Json& body, Endpoint endpoint);

// The table as docs/http-api.md shows it.
std::string fields_as_markdown();

}  // namespace api::openai
