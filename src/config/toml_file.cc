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

FileEntry entry_of(const toml::key& key, const toml::node& node) {
  using Kind = FileEntry::Kind;
  FileEntry entry{std::string(key.str()), Kind::other, "", static_cast<int>(key.source().begin.line)};
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
  for (const auto& [key, node] : result.table()) entries.push_back(entry_of(key, node));
  std::ranges::stable_sort(entries, {}, &FileEntry::line);
  return entries;
}

}  // namespace config
