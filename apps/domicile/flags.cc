#include "apps/domicile/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "apps/domicile/output.h"
#include "base/strings.h"

namespace apps {

namespace {

constexpr std::array<std::string_view, 6> kVerbatimFlags = {"-p",     "--prompt", "--text",
                                                            "--file", "--system", "--stop"};
constexpr std::string_view kMark = "\x01verbatim:";

bool is_verbatim(std::string_view flag) {
  return std::ranges::find(kVerbatimFlags, flag) != kVerbatimFlags.end();
}

// Puts marks in the place of verbatim values: "-p" "--what?" becomes "-p" "\x01verbatim:0". `rest` keeps what
// follows.
std::vector<std::string> set_aside_verbatim(int argc, char** argv, std::vector<std::string>& values) {
  std::vector<std::string> arguments;
  const auto set_aside = [&](std::string value) {
    values.push_back(std::move(value));
    return base::cat(kMark, values.size() - 1);
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (is_verbatim(argument) && i + 1 < argc) {
      arguments.emplace_back(argument);
      arguments.push_back(set_aside(argv[++i]));
    } else if (equals != std::string_view::npos && argument.starts_with("--") &&
               is_verbatim(argument.substr(0, equals))) {
      arguments.emplace_back(argument.substr(0, equals));
      arguments.push_back(set_aside(std::string(argument.substr(equals + 1))));
    } else {
      arguments.emplace_back(argument);
    }
  }
  return arguments;
}

std::string describe(const config::Setting& setting) {
  std::string text(setting.help);
  if (setting.type == config::Type::choice) text += base::cat(" (", setting.choices, ")");
  if (!setting.default_text.empty() && !setting.secret) text += base::cat(" [", setting.default_text, "]");
  return text;
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
        describe(*setting));
    return;
  }
  CLI::Option* option = app.add_option_function<std::string>(
      flag, [&flags, key](const std::string& value) { flags[key] = value; }, describe(*setting));
  if (!setting->placeholder.empty()) option->type_name(std::string(setting->placeholder));
}

CLI::App* command_node(CLI::App& app, const std::string& name, const std::string& summary) {
  const size_t blank = name.find(' ');
  if (blank == std::string::npos) return app.add_subcommand(name, summary);
  const std::string group = name.substr(0, blank);
  const auto groups = app.get_subcommands([&](CLI::App* each) { return each->get_name() == group; });
  CLI::App* parent = groups.empty() ? nullptr : groups.front();
  if (parent == nullptr) {
    parent = app.add_subcommand(group, base::cat("see `domicile ", group, " --help`"));
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

int usage_error(const std::string& message) {
  print_error(base::cat(message, " (see `domicile --help`)"));
  return kExitUsage;
}

// CLI11 says "The following argument was not expected: --x"; one sentence, without its line breaks.
std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

void FlagSet::positional(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->required();
}
void FlagSet::optional_positional(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help);
}
void FlagSet::positionals(const std::string& name, std::vector<std::string>& values,
                          const std::string& help) {
  app_.add_option(name, values, help);
}
void FlagSet::flag(const std::string& names, bool& value, const std::string& help) {
  app_.add_flag(names, value, help);
}
void FlagSet::text(const std::string& names, std::optional<std::string>& value,
                   const std::string& placeholder, const std::string& help) {
  app_.add_option_function<std::string>(
          names, [&value](const std::string& given) { value = given; }, help)
      ->type_name(placeholder);
}
void FlagSet::integer(const std::string& names, int64_t& value, const std::string& help) {
  app_.add_option(names, value, help)->type_name("N");
}
void FlagSet::verbatim(const std::string& names, std::optional<std::string>& value,
                       const std::string& placeholder, const std::string& help) {
  app_.add_option_function<std::string>(
          names,
          [&value, values = &verbatim_values_](const std::string& given) {
            const auto index =
                base::parse_int(std::string_view(given).substr(std::min(given.size(), kMark.size())));
            value = index && *index < std::ssize(*values) ? (*values)[static_cast<size_t>(*index)] : given;
          },
          help)
      ->type_name(placeholder);
}

int run_command_line(int argc, char** argv, std::vector<Command> commands) {
  std::vector<std::string> verbatim_values;
  std::vector<std::string> arguments = set_aside_verbatim(argc, argv, verbatim_values);
  config::Settings::Flags flags;

  CLI::App app{"domicile: open-weight language models inside your own walls"};
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

  std::ranges::reverse(arguments);  // as CLI11 wants a vector
  try {
    app.parse(arguments);
  } catch (const CLI::Success& shown) {
    return app.exit(shown, std::cout, std::cerr);
  } catch (const CLI::ParseError& wrong) {
    return usage_error(one_line(wrong.what()));
  }
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!nodes[i]->parsed()) continue;
    const base::Result<int> exit_code = run(commands[i], flags);
    if (exit_code) return *exit_code;
    if (exit_code.error().code == base::Code::cancelled) return kExitInterrupted;
    print_error(exit_code.error().message);
    return exit_code.error().code == base::Code::invalid_argument ? kExitUsage : kExitFailure;
  }
  std::cout << app.help();
  return argc > 1 ? kExitUsage : kExitOk;
}

}  // namespace apps
