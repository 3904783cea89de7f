// domicile config explain: each setting, its value, and where it came from.
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/output.h"

namespace apps {

Command config_explain_command() {
  auto as_json = std::make_shared<bool>(false);
  std::vector<std::string_view> every_setting;
  for (const config::Setting& each : config::all_settings())
    if (each.name != "config" && each.name != "data-dir") every_setting.push_back(each.name);
  return {
      .name = "config explain",
      .summary = "Each setting, its value, and where the value came from",
      .examples = "  domicile config explain\n  DOMICILE_THREADS=2 domicile config explain --json",
      .settings = every_setting,
      .declare = [as_json](FlagSet& set) { set.flag("--json", *as_json, "print JSON"); },
      .run = [as_json](const config::Settings& settings) -> base::Result<int> {
        if (*as_json)
          TRY(print_json(settings.explain_json()));
        else
          TRY(print(settings.explain_text()));
        return kExitOk;
      },
  };
}

}  // namespace apps
