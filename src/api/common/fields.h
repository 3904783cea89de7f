#pragma once
// Every request field that a route knows by name, and what becomes of it. The documentation's tables are made
// from these.
//
//   served   does what it says
//   hint     accepted; has no effect here, and is listed in the reply's header x-ignored-fields
//   refused  a demand that is not met here: 400 naming the field, unless its value demands nothing (tools:
//   [])
//
// A field that is not in the table is treated like a hint. JSON null is the same as absence.
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/errors.h"
#include "base/json.h"

namespace api {

enum class Treatment { served, hint, refused };

struct Field {
  std::string_view name;
  std::string_view type;  // for the documentation
  Treatment treatment = Treatment::served;
  std::string_view harmless = {};  // of a refused field: JSON values that demand nothing, separated by |
  std::string_view note = {};      // for the documentation and, if refused, for the error
};

// A route's fields: its own rows, and rows that several tables share. Of a name that is there twice the first
// row counts, so a route's own rows go first.
struct FieldTable {
  std::string_view title;  // of its column in the documentation
  std::vector<std::span<const Field>> rows;

  const Field* find(std::string_view name) const;  // null: not known
};

// Names of fields that have no effect, in the order of the request, or the error for the first that is
// refused. REQUIRES: an object. `place` stands before names: "options.".
Parsed<std::vector<std::string>> check_fields(const base::Json& body, const FieldTable& table,
                                              std::string_view place = {});

// Several tables as one of the documentation, a column for each.
std::string fields_as_markdown(std::initializer_list<const FieldTable*> tables);

}  // namespace api
