#include "apps/domicile/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "apps/domicile/output.h"
#include "base/strings.h"

namespace apps {

namespace {

constexpr size_t kHelpColumn = 26, kHelpWidth = 74;  // where descriptions begin, and how long their lines are
constexpr const char* kMainExamples =
    "Examples:\n"
    "  domicile run smollm2                             chat\n"
    "  domicile run smollm2 -p 'Why is the sky blue?'   one answer\n"
    "  domicile serve smollm2                           a server for OpenAI's, Anthropic's and Ollama's "
    "clients\n"
    "`domicile COMMAND --help` says more about each.";
constexpr const char* kSettingsGroup =
    "Settings (also DOMICILE_NAME in the environment, or the configuration file)";

// Line breaks instead of blanks where lines would grow too long.
std::string wrapped(std::string text) {
  size_t line_start = 0, blank = std::string::npos;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i - line_start > kHelpWidth && blank != std::string::npos) {
      text[blank] = '\n';
      line_start = blank + 1;
      blank = std::string::npos;
    }
    if (text[i] == ' ') blank = i;
  }
  return text;
}

std::string describe(const config::Setting& setting) {
  std::string text(setting.help);
  if (!setting.default_text.empty() && !setting.secret) text += base::cat(" [", setting.default_text, "]");
  return wrapped(std::move(text));
}

// A boolean setting may stand alone ("--json-logs") or carry its value ("--json-logs=false").
void offer_setting(CLI::App& app, std::string_view name, config::Settings::Flags& flags) {
  const config::Setting* setting = config::find_setting(name);
  if (setting == nullptr) return;
  const std::string flag = base::cat("--", name);
  const std::string key(name);
  if (setting->type == config::Type::boolean) {
    app.add_flag_function(
           flag, [&flags, key](int64_t count) { flags[key] = count > 0 ? "true" : "false"; },
           describe(*setting))
        ->group(kSettingsGroup);
    return;
  }
  CLI::Option* option = app.add_option_function<std::string>(
      flag, [&flags, key](const std::string& value) { flags[key] = value; }, describe(*setting));
  option->group(kSettingsGroup);
  if (setting->type == config::Type::choice) option->type_name(std::string(setting->choices));
  if (!setting->placeholder.empty()) option->type_name(std::string(setting->placeholder));
}

CLI::App* command_node(CLI::App& app, const std::string& name, const std::string& summary) {
  const size_t blank = name.find(' ');
  if (blank == std::string::npos) return app.add_subcommand(name, summary);
  const std::string group = name.substr(0, blank);
  const auto groups = app.get_subcommands([&](CLI::App* each) { return each->get_name() == group; });
  CLI::App* parent = groups.empty() ? nullptr : groups.front();
  if (parent == nullptr) {
    parent = app.add_subcommand(group, "Settings: what they are and where they come from");
    parent->require_subcommand(1);
  }
  return parent->add_subcommand(name.substr(blank + 1), summary);
}

base::Result<int> run(const Command& command, const config::Settings::Flags& flags) {
  const auto settings =
      config::Settings::load(flags, [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      });
  if (!settings) return std::unexpected(settings.error());
  return command.run(*settings);
}

base::Result<int> printed(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  TRY(print(text));
  return kExitOk;
}

// The exit code, after the error was shown.
int finish(const base::Result<int>& exit_code) {
  if (exit_code) return *exit_code;
  if (exit_code.error().code == base::Code::cancelled) return kExitInterrupted;
  print_error(exit_code.error().message);
  return exit_code.error().code == base::Code::invalid_argument ? kExitUsage : kExitFailure;
}

// "domicile run" of "domicile run smollm2 --foo".
std::string command_line_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return app.get_name() + (chosen.empty() ? "" : " " + command_line_of(*chosen.front()));
}

// CLI11's words, made one sentence that quotes what was typed.
std::string usage_message(const CLI::App& app, const std::string& its_words) {
  std::string text = its_words;
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (text == "A subcommand is required") text = "the command is not complete";
  for (const std::string_view unexpected :
       {"The following argument was not expected: ", "The following arguments were not expected: "})
    if (text.starts_with(unexpected)) {
      const std::string rest = text.substr(unexpected.size());
      const bool is_command = app.get_subcommands().empty() && !rest.starts_with('-');
      text = base::cat(is_command ? "there is no command '" : "not understood: '", rest, "'");
    }
  return base::cat(text, " (see `", command_line_of(app), " --help`)");
}

std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> flags;
  for (const std::string_view each : base::split(names, ',')) flags.emplace_back(each);
  return flags;
}

// Which command the arguments are for: the first that is no flag. -1: none.
ptrdiff_t command_index(const std::vector<Command>& commands, const std::vector<std::string>& arguments) {
  const auto word = std::ranges::find_if(arguments, [](const auto& each) { return !each.starts_with('-'); });
  if (word == arguments.end()) return -1;
  const auto found = std::ranges::find(commands, *word, &Command::name);
  return found == commands.end() ? -1 : found - commands.begin();
}

}  // namespace

void FlagSet::positional(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, wrapped(help))->required()->type_name("");
}
void FlagSet::optional_positional(const std::string& name, std::optional<std::string>& value,
                                  const std::string& help) {
  app_.add_option_function<std::string>(
          name, [&value](const std::string& given) { value = given; }, wrapped(help))
      ->type_name("");
}
void FlagSet::positionals(const std::string& name, std::vector<std::string>& values,
                          const std::string& help) {
  app_.add_option(name, values, wrapped(help))->type_name("");
}
void FlagSet::flag(const std::string& names, bool& value, const std::string& help) {
  app_.add_flag(names, value, wrapped(help));
}
void FlagSet::text(const std::string& names, std::optional<std::string>& value,
                   const std::string& placeholder, const std::string& help) {
  app_.add_option_function<std::string>(
          names, [&value](const std::string& given) { value = given; }, wrapped(help))
      ->type_name(placeholder);
}
void FlagSet::integer(const std::string& names, int64_t& value, const std::string& help) {
  app_.add_option(names, value, wrapped(help))->type_name("N");
}
void FlagSet::verbatim(const std::string& names, std::optional<std::string>& value,
                       const std::string& placeholder, const std::string& help) {
  std::ranges::move(split_names(names), std::back_inserter(verbatim_flags_));
  app_.add_option_function<std::string>(
          names, [&value, this](const std::string& given) { value = verbatim_values_.value_of(given); },
          wrapped(help))
      ->type_name(placeholder);
}

int run_command_line(int argc, char** argv, std::vector<Command> commands) {
  VerbatimValues verbatim_values;
  config::Settings::Flags flags;

  CLI::App app{"Open-weight language models inside your own walls", "domicile"};
  app.get_formatter()->column_width(kHelpColumn);
  app.get_formatter()->label("REQUIRED", "");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Subcommands", "Commands");
  app.footer(kMainExamples);
  app.set_version_flag("--version", "domicile 0.1.0");
  app.require_subcommand(0, 1);
  std::vector<std::unique_ptr<FlagSet>> flag_sets;
  std::vector<CLI::App*> nodes;
  for (const Command& command : commands) {
    CLI::App* node = command_node(app, command.name, command.summary);
    nodes.push_back(node);
    flag_sets.push_back(std::make_unique<FlagSet>(*node, verbatim_values));
    if (command.declare) command.declare(*flag_sets.back());
    for (const std::string_view name : command.settings) offer_setting(*node, name, flags);
    offer_setting(*node, "config", flags);
    offer_setting(*node, "data-dir", flags);
    if (!command.examples.empty()) node->footer(base::cat("Examples:\n", command.examples));
  }

  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (const ptrdiff_t index = command_index(commands, arguments); index >= 0)
    arguments = verbatim_values.set_aside(arguments, flag_sets[static_cast<size_t>(index)]->verbatim_flags());
  std::ranges::reverse(arguments);  // as CLI11 wants a vector
  try {
    app.parse(arguments);
  } catch (const CLI::Success& shown) {
    std::ostringstream text;
    app.exit(shown, text, text);
    return finish(printed(text.str()));
  } catch (const CLI::ParseError& wrong) {
    print_error(verbatim_values.readable(usage_message(app, wrong.what())));
    return kExitUsage;
  }
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!nodes[i]->parsed()) continue;
    return finish(run(commands[i], flags));
  }
  return finish(printed(app.help()));
}

}  // namespace apps
