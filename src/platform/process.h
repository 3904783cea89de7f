#pragma once
// Runs another program and waits for it.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/environment.h"

namespace platform {

struct ProgramRun {
  std::vector<std::string> arguments;  // the program first; found along PATH if it holds no '/'
  Environment environment;             // the whole of it
  // Called at least five times a second while the program runs; false ends it (SIGTERM to its process group).
  std::function<bool()> go_on = [] { return true; };
  bool separate_errors = false;  // standard error has a text of its own
};

struct ProgramOutcome {
  int exit_status;     // 128 + N if it died of signal N
  int signal = 0;      // N; 0 if it ended by itself
  std::string output;  // the last 64 KiB of its standard output and error, in the order they came
  std::string errors;  // with separate_errors: the last 64 KiB of standard error, which `output` lacks then
};

// Standard input is empty. Code::not_found if there is no such program, Code::cancelled if `go_on` said no.
[[nodiscard]] base::Result<ProgramOutcome> run_program(const ProgramRun& run);

// The executable file of that name along the environment's PATH.
std::optional<std::string> find_program(const std::string& name, const Environment& environment);

}  // namespace platform
