#pragma once
// The configuration file: one table of `name = value` lines in TOML.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace config {

struct FileEntry {
  enum class Kind { text, integer, number, boolean, other };
  std::string key;
  Kind kind;
  std::string text;  // "" if other: a list, a table, a date
  int line;
};

// In the order of the file's lines. `name` is for messages: "/home/a/config.toml:3: ...".
[[nodiscard]] base::Result<std::vector<FileEntry>> parse_toml(std::string_view contents,
                                                              const std::string& name);

}  // namespace config
