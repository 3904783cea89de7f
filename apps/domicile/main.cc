// Wires the commands together; each has a file of its own.
#include "apps/domicile/commands.h"
#include "apps/domicile/output.h"
#include "platform/signals.h"

int main(int argc, char** argv) {
  apps::ensure_standard_streams();
  platform::ignore_broken_pipes();
  platform::explain_bus_errors();
  return apps::run_command_line(
      argc, argv,
      {apps::run_command(), apps::serve_command(), apps::pull_command(), apps::list_command(),
       apps::ps_command(), apps::remove_command(), apps::show_command(), apps::pack_command(),
       apps::bench_command(), apps::roof_command(), apps::score_command(), apps::tokenize_command(),
       apps::render_command(), apps::config_explain_command()});
}
