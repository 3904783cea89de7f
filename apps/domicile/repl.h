#pragma once
// A conversation on a terminal.
#include <optional>
#include <string>

#include "apps/domicile/interrupt.h"
#include "base/result.h"
#include "config/settings.h"
#include "serving/hosted_model.h"

namespace apps {

struct ReplOptions {
  std::optional<std::string> system;
  bool show_stats = false;
};

// Until the user leaves (Ctrl-D, /bye). Returns the exit code.
base::Result<int> run_repl(const serving::HostedModel& host, const config::Settings& settings,
                           const ReplOptions& options, const Interrupt& interrupt);

}  // namespace apps
