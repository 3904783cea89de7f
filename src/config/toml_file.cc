#include "config/toml_file.h"

// Compiled here and nowhere else, with errors as values instead of exceptions (Debian's shared library
// throws).
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace config {
namespace {

using Kind = FileEntry::Kind;

FileEntry list_entry(FileEntry entry, const toml::array& list) {
  for (const toml::node& each : list) {
    const auto* text = each.as_string();
    if (text == nullptr) return entry;
    entry.texts.push_back(text->get());
  }
  entry.kind = Kind::texts;
  return entry;
}

FileEntry entry_of(const toml::key& key, const toml::node& node, std::optional<std::string> model = {}) {
  FileEntry entry{.key = std::string(key.str()),
                  .kind = Kind::other,
                  .text = "",
                  .texts = {},
                  .line = static_cast<int>(key.source().begin.line),
                  .model = std::move(model)};
  if (const auto* list = node.as_array()) return list_entry(std::move(entry), *list);
  if (const auto* text = node.as_string()) {
    entry.kind = Kind::text;
    entry.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    entry.kind = Kind::integer;
    entry.text = base::cat(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    entry.kind = Kind::number;
    entry.text = base::format_double(number->get());  // nan and inf become "null", which no setting takes
  } else if (const auto* boolean = node.as_boolean()) {
    entry.kind = Kind::boolean;
    entry.text = boolean->get() ? "true" : "false";
  }
  return entry;
}

// The lines of [model.NAME], for each NAME.
void append_models(const toml::table& models, std::vector<FileEntry>& out) {
  for (const auto& [name, node] : models) {
    const auto* table = node.as_table();
    if (table == nullptr) {
      out.push_back(entry_of(name, node));
      out.back().key = base::cat("model.", out.back().key);
      continue;
    }
    for (const auto& [key, value] : *table) out.push_back(entry_of(key, value, std::string(name.str())));
  }
}

}  // namespace

base::Result<std::vector<FileEntry>> parse_toml(std::string_view contents, const std::string& name) {
  const toml::parse_result result = toml::parse(contents);
  if (!result) {
    const toml::parse_error& error = result.error();
    return base::fail(base::Code::invalid_argument,
                      base::cat(name, ":", static_cast<int>(error.source().begin.line), ": ",
                                base::printable(error.description(), 300)));
  }
  std::vector<FileEntry> entries;
  for (const auto& [key, node] : result.table()) {
    const auto* table = node.as_table();
    if (key.str() == "model" && table != nullptr)
      append_models(*table, entries);
    else
      entries.push_back(entry_of(key, node));
  }
  std::ranges::stable_sort(entries, {}, &FileEntry::line);
  return entries;
}

}  // namespace config
