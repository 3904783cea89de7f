// domicile pull, list, rm: the local model store.
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/interrupt.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"

namespace apps {

using base::cat;
using base::Json;
using base::Result;

namespace {

struct PullFlags {
  std::string model;
  std::optional<std::string> name;
  bool copy = false, json = false;
};

Json as_json(const model_store::Record& record, const std::filesystem::path& path) {
  Json json;
  json.set("name", record.name);
  json.set("path", path.string());
  json.set("size_bytes", Json(record.size_bytes));
  json.set("container", record.container);
  json.set("architecture", record.architecture);
  json.set("type", record.type);
  json.set("sha256", record.sha256.empty() ? Json() : Json(record.sha256));
  json.set("source", record.source);
  return json;
}

Result<int> pull(const PullFlags& flags, const config::Settings& settings) {
  const model_store::Store store = open_store(settings);
  const Interrupt interrupt = TRY(Interrupt::watch());
  const model_store::Pulled pulled = TRY(pull_model(
      store, flags.model, {.name = flags.name.value_or(""), .copy = flags.copy}, &interrupt.flag()));
  if (pulled.was_damaged)
    print_note(cat("the file of '", pulled.record.name, "' was damaged and has been fetched again"));
  if (flags.json) {
    Json json = as_json(pulled.record, pulled.path);
    json.set("was_present", pulled.was_present);
    TRY(print_json(json));
    return kExitOk;
  }
  TRY(print(cat(pulled.record.name, ": ", pulled.record.architecture, " ", pulled.record.type, ", ",
                base::format_bytes(pulled.record.size_bytes),
                pulled.was_present ? ", already here\n" : "\n")));
  return kExitOk;
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

Result<int> list(bool json, const config::Settings& settings) {
  const std::vector<model_store::Listed> all = TRY(open_store(settings).list());
  if (json) {
    Json::Array models;
    for (const auto& each : all) {
      Json one = as_json(each.record, each.path);
      if (!each.problem.empty()) one.set("problem", each.problem);
      models.push_back(std::move(one));
    }
    TRY(print_json(models));
    return kExitOk;
  }
  std::string text;
  for (const auto& each : all)
    text += padded(each.record.name, 32) + padded(cat(each.record.architecture, " ", each.record.type), 20) +
            padded(base::format_bytes(each.record.size_bytes), 12) +
            (each.problem.empty() ? each.path.string() : each.problem) + "\n";
  if (all.empty()) print_note(cat("no models yet: try `domicile pull ", kDefaultModel, "`"));
  TRY(print(text));
  return kExitOk;
}

Result<int> remove(const std::string& name, bool json, const config::Settings& settings) {
  const model_store::Listed removed = TRY(open_store(settings).remove(name));
  if (json)
    TRY(print_json(as_json(removed.record, removed.path)));
  else
    TRY(print(cat("removed ", removed.record.name,
                  removed.record.is_registered_path() ? " (its files stay where they are)\n" : "\n")));
  return kExitOk;
}

}  // namespace

Command pull_command() {
  auto flags = std::make_shared<PullFlags>();
  return {
      .name = "pull",
      .summary = "Fetch a model by name, or register one that lies at a path",
      .examples = "  domicile pull smollm2\n  domicile pull ./qwen2.5-7b-q4_k_m.gguf --name qwen2.5:7b",
      .settings = {},
      .declare =
          [flags](FlagSet& set) {
            set.positional("NAME", flags->model, "a name of the catalogue (smollm2), a .gguf or a folder");
            set.text("--name", flags->name, "NAME", "with a path: the name to register it under");
            set.flag("--copy", flags->copy, "with a path: copy the model instead of noting where it lies");
            set.flag("--json", flags->json, "print JSON");
          },
      .run = [flags](const config::Settings& settings) { return pull(*flags, settings); },
  };
}

Command list_command() {
  auto json = std::make_shared<bool>(false);
  return {
      .name = "list",
      .summary = "The models that are here",
      .examples = "  domicile list",
      .settings = {},
      .declare = [json](FlagSet& set) { set.flag("--json", *json, "print JSON"); },
      .run = [json](const config::Settings& settings) { return list(*json, settings); },
  };
}

Command remove_command() {
  auto name = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  return {
      .name = "rm",
      .summary = "Forget a model and delete what the store holds of it",
      .examples = "  domicile rm smollm2",
      .settings = {},
      .declare =
          [name, json](FlagSet& set) {
            set.positional("NAME", *name, "the model's name");
            set.flag("--json", *json, "print JSON");
          },
      .run = [name, json](const config::Settings& settings) { return remove(*name, *json, settings); },
  };
}

}  // namespace apps
