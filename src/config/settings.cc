#include "config/settings.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "config/toml_file.h"
#include "config/value_check.h"
#include "platform/files.h"

namespace config {
namespace {

using base::cat;

constexpr uint64_t kMaxFileBytes = 1 << 20;

std::string home_folder(const Settings::Environment& environment) {
  if (const auto home = environment("HOME"); home && !home->empty()) return *home;
  // Services often run without HOME.
  struct passwd entry, *found = nullptr;
  char buffer[4096];
  if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return found->pw_dir;
  return "/";
}

std::string expand_home(std::string_view path, const Settings::Environment& environment) {
  if (path == "~") return home_folder(environment);
  if (!path.starts_with("~/")) return std::string(path);
  return cat(home_folder(environment), path.substr(1));
}

std::string default_file(const Settings::Environment& environment) {
  const std::string configured = environment("XDG_CONFIG_HOME").value_or("");
  // The XDG specification says that a relative path there counts as unset.
  const std::string folder =
      configured.starts_with('/') ? configured : cat(home_folder(environment), "/.config");
  return cat(folder, "/domicile/config.toml");
}

// How many insertions, removals and replacements make `a` into `b`.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string unknown_setting(std::string_view key) {
  std::string message = cat("there is no setting '", base::printable(key, 60), "'");
  const Setting* closest = nullptr;
  size_t closest_distance = 3;
  for (const Setting& setting : all_settings()) {
    const size_t distance = edit_distance(key.substr(0, 64), setting.name);
    if (distance < closest_distance) closest = &setting, closest_distance = distance;
  }
  return message +
         (closest ? cat("; did you mean '", closest->name, "'?") : " (`domicile config explain` lists them)");
}

// The file must use TOML's own types, so that a value means the same to every reader of it.
bool kind_fits(const Setting& setting, FileEntry::Kind kind) {
  using Kind = FileEntry::Kind;
  switch (setting.type) {
    case Type::text:
    case Type::path:
    case Type::choice:
      return kind == Kind::text;
    case Type::integer:
      return kind == Kind::integer;
    case Type::number:
      return kind == Kind::number || kind == Kind::integer;
    case Type::boolean:
      return kind == Kind::boolean;
    case Type::bytes:
      return kind == Kind::text || kind == Kind::integer;
  }
  return false;
}

const char* wanted_kind(const Setting& setting) {
  switch (setting.type) {
    case Type::integer:
      return "a whole number";
    case Type::number:
      return "a number";
    case Type::boolean:
      return "true or false";
    case Type::bytes:
      return "a size such as \"16GiB\"";
    default:
      return "a text in quotes";
  }
}

std::unexpected<base::Error> invalid(std::string message) {
  return base::fail(base::Code::invalid_argument, std::move(message));
}

using Values = std::map<std::string, Value, std::less<>>;

base::Status take_file_entry(const FileEntry& entry, const std::string& file, Values& values) {
  const std::string where = cat(file, ":", entry.line);
  const Setting* setting = find_setting(entry.key);
  if (setting == nullptr) return invalid(cat(where, ": ", unknown_setting(entry.key)));
  if (setting->name == "config")
    return invalid(cat(where, ": 'config' cannot be set in the file that it names"));
  if (!kind_fits(*setting, entry.kind))
    return invalid(cat(where, ": '", entry.key, "' wants ", wanted_kind(*setting)));
  if (const auto status = check_value(*setting, entry.text); !status)
    return base::fail(status.error(), cat(where, ": ", entry.key));
  values[entry.key] = {entry.text, Origin::file, where};
  return {};
}

base::Status take_file(const std::string& file, bool must_exist, Values& values) {
  const auto contents = platform::read_file(file, kMaxFileBytes);
  if (!contents && contents.error().code == base::Code::not_found && !must_exist) return {};
  if (!contents) return base::fail(contents.error(), "configuration file");
  for (const FileEntry& entry : TRY(parse_toml(*contents, file))) TRY(take_file_entry(entry, file, values));
  return {};
}

base::Status take_environment(const Settings::Environment& environment, Values& values) {
  for (const Setting& setting : all_settings()) {
    const std::string variable = variable_name(setting);
    const auto text = environment(variable);
    if (!text || text->empty()) continue;
    if (const auto status = check_value(setting, *text); !status) return base::fail(status.error(), variable);
    values[std::string(setting.name)] = {*text, Origin::environment, variable};
  }
  return {};
}

base::Status take_flags(const Settings::Flags& flags, Values& values) {
  for (const auto& [name, text] : flags) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) return invalid(unknown_setting(name));
    const std::string flag = cat("--", name);
    if (const auto status = check_value(*setting, text); !status) return base::fail(status.error(), flag);
    values[name] = {text, Origin::command_line, flag};
  }
  return {};
}

const char* origin_name(Origin origin) {
  switch (origin) {
    case Origin::built_in:
      return "built_in";
    case Origin::file:
      return "file";
    case Origin::environment:
      return "environment";
    case Origin::command_line:
      return "command_line";
  }
  return "unknown";
}

std::string shown_value(const Setting& setting, const Value* value) {
  if (setting.secret) return value == nullptr ? "(not set)" : "(set)";
  return value == nullptr ? "(not set)" : base::printable(value->text, 1000);
}

}  // namespace

base::Result<Settings> Settings::load(const Flags& flags, const Environment& environment) {
  Values values;
  for (const Setting& setting : all_settings())
    if (!setting.default_text.empty())
      values[std::string(setting.name)] = {std::string(setting.default_text), Origin::built_in, "built in"};

  // Later takes win; the file comes before what may name it, so it is looked for first.
  Values named;
  TRY(take_environment(environment, named));
  TRY(take_flags(flags, named));
  const auto config = named.find("config");
  if (config != named.end())
    TRY(take_file(expand_home(config->second.text, environment), /*must_exist=*/true, values));
  else
    TRY(take_file(default_file(environment), /*must_exist=*/false, values));

  Settings settings;
  settings.values_ = std::move(values);
  for (auto& [name, value] : named) settings.values_[name] = std::move(value);
  for (auto& [name, value] : settings.values_)
    if (find_setting(name)->type == Type::path) value.text = expand_home(value.text, environment);
  return settings;
}

const Value* Settings::find(std::string_view name) const {
  CHECK(find_setting(name) != nullptr);
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<std::string> Settings::text(std::string_view name) const {
  const Value* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(value->text);
}

std::optional<int64_t> Settings::integer(std::string_view name) const {
  CHECK(find_setting(name)->type == Type::integer);
  const Value* value = find(name);
  return value == nullptr ? std::nullopt : base::parse_int(value->text);
}

std::optional<double> Settings::number(std::string_view name) const {
  CHECK(find_setting(name)->type == Type::number);
  const Value* value = find(name);
  return value == nullptr ? std::nullopt : base::parse_double(value->text);
}

bool Settings::boolean(std::string_view name) const {
  CHECK(find_setting(name)->type == Type::boolean);
  const Value* value = find(name);
  return value != nullptr && boolean_of(value->text);
}

std::optional<uint64_t> Settings::bytes(std::string_view name) const {
  CHECK(find_setting(name)->type == Type::bytes);
  const Value* value = find(name);
  return value == nullptr ? std::nullopt : base::parse_bytes(value->text);
}

base::Json Settings::explain_json() const {
  base::Json all = base::Json::Object{};
  for (const Setting& setting : all_settings()) {
    const Value* value = find(setting.name);
    base::Json one;
    if (value == nullptr)
      one.set("value", nullptr);
    else
      one.set("value", setting.secret ? std::string("(set)") : value->text);
    one.set("origin", value == nullptr ? origin_name(Origin::built_in) : origin_name(value->origin));
    one.set("where", value == nullptr ? "built in" : value->where);
    all.set(setting.name, std::move(one));
  }
  return all;
}

std::string Settings::explain_text() const {
  size_t name_width = 0, value_width = 0;
  for (const Setting& setting : all_settings()) {
    name_width = std::max(name_width, setting.name.size());
    value_width = std::max(value_width, shown_value(setting, find(setting.name)).size());
  }
  std::string lines;
  for (const Setting& setting : all_settings()) {
    const Value* value = find(setting.name);
    const std::string shown = shown_value(setting, value);
    lines += cat(setting.name, std::string(name_width - setting.name.size() + 2, ' '), shown,
                 std::string(value_width - shown.size() + 2, ' '),
                 value == nullptr ? "built in" : value->where, "\n");
  }
  return lines;
}

}  // namespace config
