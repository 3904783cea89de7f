// domicile pack: a model rewritten as it lies in memory, and the check of one.
#include <filesystem>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/interrupt.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/map_regular.h"
#include "model_files/packed/packed_file.h"
#include "models/packing.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;
using base::Status;

namespace {

struct PackFlags {
  std::string model;
  std::optional<std::string> output;
  bool force = false, check = false, json = false;
};

Status check_output(const std::string& output, const std::string& source, bool force) {
  std::error_code ignored;
  if (!std::filesystem::exists(output, ignored)) return {};
  if (std::filesystem::equivalent(output, source, ignored))
    return fail(Code::invalid_argument, cat("'", base::printable(output), "' is the model itself"));
  if (force) return {};
  return fail(Code::invalid_argument,
              cat("'", base::printable(output), "' exists already: give another name, or --force"));
}

Result<int> pack(const PackFlags& flags, const config::Settings& settings) {
  if (!flags.output) return fail(Code::invalid_argument, "OUT is missing: name the file to write");
  const Interrupt interrupt = TRY(Interrupt::watch());
  const std::string path = TRY(resolve_model(flags.model, settings, &interrupt.flag()));
  TRY(check_output(*flags.output, path, flags.force));
  const auto file = TRY(model_files::ModelFile::open(path));
  const auto backend = TRY(backend_of(settings));
  ProgressBar bar(cat("packing ", model_id(flags.model)));
  auto packed =
      models::pack_model(*file,
                         {.backend = *backend,
                          .progress = [&](uint64_t done, uint64_t total) { bar.update(done, total); },
                          .cancelled = &interrupt.flag()},
                         *flags.output);
  bar.clear();
  if (!packed) return fail(packed.error(), base::printable(path));
  if (flags.json) {
    Json json;
    json.set("path", base::to_valid_utf8(*flags.output));
    json.set("size_bytes", size_t{packed->size_bytes});
    json.set("layout", backend->layout_name());
    json.set("matrices", packed->n_matrices);
    json.set("vectors", packed->n_rows);
    TRY(print_json(json));
    return kExitOk;
  }
  TRY(print(cat(base::printable(*flags.output), ": ", base::format_bytes(packed->size_bytes), ", ",
                packed->n_matrices, " matrices as ", backend->layout_name(), "\n")));
  return kExitOk;
}

Result<int> check(const PackFlags& flags) {
  if (flags.output) return fail(Code::invalid_argument, "--check takes one packed file and writes none");
  const Interrupt interrupt = TRY(Interrupt::watch());
  const std::string name = base::printable(flags.model);
  auto file = model_files::packed::PackedFile::open(flags.model, TRY(model_files::map_regular(flags.model)));
  if (!file) return fail(file.error(), name);
  ProgressBar bar(cat("checking ", name));
  const auto checked = (*file)->check_weights([&](uint64_t done, uint64_t total) {
    bar.update(done, total);
    return !interrupt.flag();
  });
  bar.clear();
  if (!checked) return fail(checked.error(), name);
  if (flags.json) {
    Json json;
    json.set("path", base::to_valid_utf8(flags.model));
    json.set("tensors", (*file)->tensors().size());
    json.set("ok", true);
    TRY(print_json(json));
    return kExitOk;
  }
  TRY(print(cat(name, ": all ", (*file)->tensors().size(), " tensors match their checksums\n")));
  return kExitOk;
}

}  // namespace

Command pack_command() {
  auto flags = std::make_shared<PackFlags>();
  return {
      .name = "pack",
      .summary = "Rewrite a model as it lies in memory, so that it starts at once",
      .examples =
          "  domicile pack smollm2 smollm2.pack\n"
          "  domicile run ./smollm2.pack\n"
          "  domicile pack --check smollm2.pack",
      .settings = {"threads"},
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model, "name, .gguf or folder; with --check a packed file");
            set.optional_positional("OUT", flags->output, "the file to write");
            set.flag("--force", flags->force, "overwrite OUT");
            set.flag("--check", flags->check, "hold a packed file's weights against their checksums");
            set.flag("--json", flags->json, "print JSON");
          },
      .run =
          [flags](const config::Settings& settings) {
            return flags->check ? check(*flags) : pack(*flags, settings);
          },
  };
}

}  // namespace apps
