#pragma once
// The command line: commands, their flags, and the settings that each of them takes.
//
// Values of verbatim flags (--text, -p ...) reach the program byte for byte, whatever they look like.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/domicile/verbatim_values.h"
#include "base/result.h"
#include "config/settings.h"

namespace CLI {
class App;
}

namespace apps {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;

class FlagSet;

struct Command {
  std::string name;                        // "score"; "config explain" is a command within a group
  std::string summary;                     // one line
  std::string examples;                    // shown under --help
  std::vector<std::string_view> settings;  // names of config::all_settings() that it takes as flags
  std::function<void(FlagSet&)> declare;   // its own flags and positionals
  std::function<base::Result<int>(const config::Settings&)> run;  // returns the exit code
};

// What a command's `declare` may ask for. The variables are written while the arguments are parsed.
class FlagSet {
 public:
  FlagSet(CLI::App& app, const VerbatimValues& verbatim_values)
      : app_(app), verbatim_values_(verbatim_values) {}
  void positional(const std::string& name, std::string& value, const std::string& help);
  void optional_positional(const std::string& name, std::optional<std::string>& value,
                           const std::string& help);
  void positionals(const std::string& name, std::vector<std::string>& values, const std::string& help);
  void flag(const std::string& names, bool& value, const std::string& help);
  void text(const std::string& names, std::optional<std::string>& value, const std::string& placeholder,
            const std::string& help);
  void integer(const std::string& names, int64_t& value, const std::string& help);
  void verbatim(const std::string& names, std::optional<std::string>& value, const std::string& placeholder,
                const std::string& help);

  const std::vector<std::string>& verbatim_flags() const { return verbatim_flags_; }

 private:
  CLI::App& app_;
  const VerbatimValues& verbatim_values_;
  std::vector<std::string> verbatim_flags_;  // "-p", "--text"
};

// Parses the arguments and runs the command they name. Returns the exit code; prints usage errors itself.
int run_command_line(int argc, char** argv, std::vector<Command> commands);

}  // namespace apps
