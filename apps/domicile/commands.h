#pragma once
// The commands of the program, one file each.
#include "apps/domicile/flags.h"

namespace apps {

Command run_command();
Command serve_command();
Command ps_command();
Command pull_command();
Command list_command();
Command remove_command();
Command show_command();
Command pack_command();
Command bench_command();
Command roof_command();
Command score_command();
Command tokenize_command();
Command render_command();
Command config_explain_command();

}  // namespace apps
