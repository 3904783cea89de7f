// domicile show: what a model or any container is.
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "model_files/describe.h"

namespace apps {

namespace {

struct ShowFlags {
  std::string model;
  bool json = false;
};

base::Result<int> show(const ShowFlags& flags, const config::Settings& settings) {
  const std::string path = TRY(resolve_model(flags.model, settings));
  const auto file = TRY(model_files::ModelFile::open(path));
  const base::Json description = model_files::describe(*file);
  if (flags.json)
    TRY(print_json(description));
  else
    TRY(print(model_files::to_text(description)));
  return kExitOk;
}

}  // namespace

Command show_command() {
  auto flags = std::make_shared<ShowFlags>();
  return {
      .name = "show",
      .summary = "What a model is: container, architecture, tensors, tokenizer, template",
      .examples = "  domicile show smollm2\n  domicile show ./model.safetensors --json",
      .settings = {},
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model, "name, .gguf, .safetensors or folder");
            set.flag("--json", flags->json, "print JSON");
          },
      .run = [flags](const config::Settings& settings) { return show(*flags, settings); },
  };
}

}  // namespace apps
