#pragma once
// The configuration file: `name = value` lines in TOML, then perhaps tables [model.NAME] of such lines.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace config {

struct FileEntry {
  enum class Kind { text, integer, number, boolean, texts, other };
  std::string key;
  Kind kind;
  std::string text;                // "" if texts or other: a list of something else, a table, a date
  std::vector<std::string> texts;  // of a list of texts
  int line;
  std::optional<std::string> model;  // NAME of the table that it stands in
};

// In the order of the file's lines. `name` is for messages: "/home/a/config.toml:3: ...".
[[nodiscard]] base::Result<std::vector<FileEntry>> parse_toml(std::string_view contents,
                                                              const std::string& name);

}  // namespace config
