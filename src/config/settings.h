#pragma once
// Every setting of the program, its value, and where the value came from.
//
// Order: command-line flag, then environment variable (DOMICILE_DATA_DIR mirrors --data-dir), then the
// configuration file, then the built-in default. One table (all_settings) names them all; the command line,
// `config explain` and docs/configuration.md are made from it.
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace config {

// A path is text whose leading "~/" stands for the home folder.
enum class Type { text, integer, number, boolean, bytes, duration, choice, path };

struct Setting {
  std::string_view name;  // "data-dir"; the flag is --data-dir, the variable DOMICILE_DATA_DIR
  Type type = Type::text;
  std::string_view default_text;        // "": no default, the setting is open
  std::string_view choices;             // of a choice: "exact|fast"
  std::string_view placeholder;         // in --help: "N", "DIR"
  std::string_view help;                // one sentence
  bool secret = false;                  // its value is never shown
  double least = -1e300, most = 1e300;  // of an integer or a number
  bool per_model = false;               // may also stand in a [model.NAME] table of the file
};
std::span<const Setting> all_settings();
const Setting* find_setting(std::string_view name);
// "DOMICILE_DATA_DIR"
std::string variable_name(const Setting& setting);
// The table as rows of a Markdown table, as docs/configuration.md shows it.
std::string settings_markdown();

enum class Origin { built_in, file, environment, command_line };

struct Value {
  std::string text;
  Origin origin = Origin::built_in;
  std::string where;  // "--threads", "DOMICILE_THREADS", "/etc/domicile.toml:3", "built in"
};

// A model that the file describes in a table [model.NAME]: where it lies, what else it is called, and
// settings that hold for it alone.
struct ModelTable {
  std::string name;
  std::optional<std::string> path;  // open: NAME is a name of the store
  std::vector<std::string> aliases;
  std::string where;  // of its first line: "/etc/domicile.toml:3"
};

class Settings {
 public:
  using Flags = std::map<std::string, std::string, std::less<>>;  // by setting name, as typed
  using Environment = std::function<std::optional<std::string>(std::string_view name)>;

  // Reads the file that --config or DOMICILE_CONFIG names, else the user's own if it exists. An unknown key
  // or a value that its type does not take is Code::invalid_argument naming file and line, variable, or flag.
  static base::Result<Settings> load(const Flags& flags, const Environment& environment);

  // REQUIRES: the table has that name, and the type fits. Absent: the setting is open.
  std::optional<std::string> text(std::string_view name) const;
  std::optional<int64_t> integer(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
  bool boolean(std::string_view name) const;  // open counts as false
  std::optional<uint64_t> bytes(std::string_view name) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view name) const;  // negative: for ever
  const Value* find(std::string_view name) const;                                  // null: open

  // In the order of names.
  const std::vector<ModelTable>& models() const { return models_; }
  // With what its table says taking the place of the file's other lines; flags and environment still win.
  Settings for_model(std::string_view name) const;

  // {"threads": {"value": "2", "origin": "environment", "where": "DOMICILE_THREADS"}, ...} over the whole
  // table.
  base::Json explain_json() const;
  // The same as aligned text, a setting a line.
  std::string explain_text() const;

 private:
  using Values = std::map<std::string, Value, std::less<>>;
  // Name ("model.NAME.context"), value and origin of each line of each model's table.
  std::vector<std::array<std::string, 3>> model_lines() const;

  Values values_;
  std::vector<ModelTable> models_;
  std::map<std::string, Values, std::less<>> model_values_;  // by model
};

}  // namespace config
