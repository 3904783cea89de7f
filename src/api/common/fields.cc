#include "api/common/fields.h"

#include "base/strings.h"

namespace api {
namespace {

using base::Json;

bool same_value(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
  return a == b;
}

bool is_harmless(const Json& value, std::string_view harmless) {
  if (harmless.empty()) return false;
  for (std::string_view text : base::split(harmless, '|'))
    if (const auto wanted = Json::parse(text); wanted && same_value(value, *wanted)) return true;
  return false;
}

ApiError refusal(const Field& field, std::string_view place) {
  const std::string name = base::cat(place, field.name);
  return invalid_field(name, base::cat("'", name, "' with this value is refused: ", field.note));
}

std::string_view treatment_name(Treatment treatment) {
  switch (treatment) {
    case Treatment::served:
      return "served";
    case Treatment::hint:
      return "hint";
    case Treatment::refused:
      return "refused";
  }
  return "-";
}

// Rows that say the same but for the treatment are one row of the documentation.
bool reads_alike(const Field& a, const Field& b) {
  return a.name == b.name && a.type == b.type && a.harmless == b.harmless && a.note == b.note;
}

std::vector<const Field*> documented_rows(std::initializer_list<const FieldTable*> tables) {
  std::vector<const Field*> out;
  for (const FieldTable* table : tables)
    for (std::span<const Field> rows : table->rows)
      for (const Field& field : rows) {
        bool is_new = table->find(field.name) == &field;
        for (const Field* other : out) is_new = is_new && !reads_alike(*other, field);
        if (is_new) out.push_back(&field);
      }
  return out;
}

std::string documented_note(const Field& field) {
  std::string out(field.note);
  if (field.harmless.empty()) return out;
  std::string values(field.harmless);
  for (size_t at = 0; (at = values.find('|', at)) != std::string::npos; at += 4) values.replace(at, 1, "` `");
  return out + base::cat(out.empty() ? "" : "; ", "accepted: `", values, "`");
}

}  // namespace

const Field* FieldTable::find(std::string_view name) const {
  for (std::span<const Field> group : rows)
    for (const Field& field : group)
      if (field.name == name) return &field;
  return nullptr;
}

Parsed<std::vector<std::string>> check_fields(const Json& body, const FieldTable& table,
                                              std::string_view place) {
  std::vector<std::string> ignored;
  for (const Json::Member& member : body.as_object()) {
    if (member.value.is_null()) continue;
    const Field* field = table.find(member.key);
    if (!field || field->treatment == Treatment::hint)
      ignored.push_back(base::cat(place, member.key));
    else if (field->treatment == Treatment::refused && !is_harmless(member.value, field->harmless))
      return std::unexpected(refusal(*field, place));
  }
  return ignored;
}

std::string fields_as_markdown(std::initializer_list<const FieldTable*> tables) {
  std::string head = "| field | type |", line = "|---|---|";
  for (const FieldTable* table : tables) {
    head += base::cat(" ", table->title, " |");
    line += "---|";
  }
  std::string out = head + " note |\n" + line + "---|\n";
  for (const Field* field : documented_rows(tables)) {
    out += base::cat("| `", field->name, "` | ", field->type, " | ");
    for (const FieldTable* table : tables) {
      const Field* own = table->find(field->name);
      out += base::cat(own && reads_alike(*own, *field) ? treatment_name(own->treatment) : "-", " | ");
    }
    out += documented_note(*field) + " |\n";
  }
  return out;
}

}  // namespace api
