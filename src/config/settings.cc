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
    case Type::duration:
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
    case Type::duration:
      return "a length of time such as \"5m\"";
    default:
      return "a text in quotes";
  }
}

std::unexpected<base::Error> invalid(std::string message) {
  return base::fail(base::Code::invalid_argument, std::move(message));
}

using Values = std::map<std::string, Value, std::less<>>;

// What the file says.
struct FileValues {
  Values values;
  std::map<std::string, ModelTable, std::less<>> models;
  std::map<std::string, Values, std::less<>> model_values;
};

// `path` and `aliases`, which only a model has. Tells whether the entry was one.
base::Result<bool> take_model_entry(const FileEntry& entry, const std::string& where, ModelTable& model) {
  if (entry.key == "path") {
    if (entry.kind != FileEntry::Kind::text || entry.text.empty())
      return invalid(cat(where, ": 'path' wants a text in quotes"));
    model.path = entry.text;
    return true;
  }
  if (entry.key == "aliases") {
    if (entry.kind != FileEntry::Kind::texts)
      return invalid(cat(where, ": 'aliases' wants a list of texts in quotes"));
    model.aliases = entry.texts;
    return true;
  }
  const Setting* setting = find_setting(entry.key);
  if (setting != nullptr && !setting->per_model)
    return invalid(cat(where, ": '", entry.key, "' holds for the whole program, not for one model"));
  return false;
}

base::Status take_setting(const FileEntry& entry, const std::string& where, Values& values) {
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

base::Status take_file_entry(const FileEntry& entry, const std::string& file, FileValues& to) {
  const std::string where = cat(file, ":", entry.line);
  if (!entry.model) return take_setting(entry, where, to.values);
  ModelTable& model = to.models[*entry.model];
  if (model.name.empty()) model = {.name = *entry.model, .path = {}, .aliases = {}, .where = where};
  if (TRY(take_model_entry(entry, where, model))) return {};
  return take_setting(entry, where, to.model_values[*entry.model]);
}

base::Status take_file(const std::string& file, bool must_exist, FileValues& values) {
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

void expand_paths(Values& values, const Settings::Environment& environment) {
  for (auto& [name, value] : values)
    if (find_setting(name)->type == Type::path) value.text = expand_home(value.text, environment);
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
  FileValues file;
  Values& values = file.values;
  for (const Setting& setting : all_settings())
    if (!setting.default_text.empty())
      values[std::string(setting.name)] = {std::string(setting.default_text), Origin::built_in, "built in"};

  // Later takes win; the file comes before what may name it, so it is looked for first.
  Values named;
  TRY(take_environment(environment, named));
  TRY(take_flags(flags, named));
  const auto config = named.find("config");
  if (config != named.end())
    TRY(take_file(expand_home(config->second.text, environment), /*must_exist=*/true, file));
  else
    TRY(take_file(default_file(environment), /*must_exist=*/false, file));

  Settings settings;
  settings.values_ = std::move(values);
  for (auto& [name, value] : named) settings.values_[name] = std::move(value);
  expand_paths(settings.values_, environment);
  for (auto& [name, model] : file.models) {
    if (model.path) model.path = expand_home(*model.path, environment);
    settings.models_.push_back(std::move(model));
  }
  settings.model_values_ = std::move(file.model_values);
  for (auto& [name, model_values] : settings.model_values_) expand_paths(model_values, environment);
  return settings;
}

Settings Settings::for_model(std::string_view name) const {
  Settings own = *this;
  const auto found = model_values_.find(name);
  if (found == model_values_.end()) return own;
  for (const auto& [setting, value] : found->second) {
    const Value* general = own.find(setting);
    const bool is_overruled = general != nullptr && general->origin >= Origin::environment;
    if (!is_overruled) own.values_[setting] = value;
  }
  return own;
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

std::optional<std::chrono::milliseconds> Settings::duration(std::string_view name) const {
  CHECK(find_setting(name)->type == Type::duration);
  const Value* value = find(name);
  return value == nullptr ? std::nullopt : base::parse_duration(value->text);
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
  for (const auto& [name, value, where] : model_lines()) {
    base::Json one;
    one.set("value", value);
    one.set("origin", origin_name(Origin::file));
    one.set("where", where);
    all.set(name, std::move(one));
  }
  return all;
}

std::vector<std::array<std::string, 3>> Settings::model_lines() const {
  std::vector<std::array<std::string, 3>> lines;
  for (const ModelTable& model : models_) {
    const std::string prefix = cat("model.", model.name, ".");
    if (model.path) lines.push_back({prefix + "path", *model.path, model.where});
    for (const std::string& alias : model.aliases) lines.push_back({prefix + "aliases", alias, model.where});
    const auto values = model_values_.find(model.name);
    if (values == model_values_.end()) continue;
    for (const auto& [name, value] : values->second)
      lines.push_back({prefix + name, shown_value(*find_setting(name), &value), value.where});
  }
  return lines;
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
  for (const auto& [name, value, where] : model_lines()) lines += cat(name, "  ", value, "  ", where, "\n");
  return lines;
}

}  // namespace config
