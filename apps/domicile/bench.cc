// domicile bench: prefill and decode speed, each beside what the machine could do at best.
#include <cmath>
#include <memory>

#include "apps/domicile/bench_limits.h"
#include "apps/domicile/commands.h"
#include "apps/domicile/interrupt.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "loading/loaded_model.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

struct BenchFlags {
  std::string model;
  int64_t prompt = 512, generate = 64, batch = 1, depth = 0;
  bool json = false;
};

Result<engine::BenchOptions> options_of(const BenchFlags& flags, const config::Settings& settings,
                                        const Interrupt& interrupt) {
  const auto check = [](const char* name, int64_t value, int64_t least, int64_t most) -> base::Status {
    if (value >= least && value <= most) return {};
    return fail(Code::invalid_argument, cat(name, " is ", value, ", must be ", least, "..", most));
  };
  TRY(check("--prompt", flags.prompt, 1, 1 << 24));
  TRY(check("--generate", flags.generate, 0, 1 << 24));
  TRY(check("--batch", flags.batch, 1, 256));
  TRY(check("--depth", flags.depth, 0, 1 << 24));
  return engine::BenchOptions{.prompt_tokens = flags.prompt,
                              .generate_tokens = flags.generate,
                              .depth_tokens = flags.depth,
                              .batch = static_cast<int>(flags.batch),
                              .chunk_tokens = *settings.integer("chunk"),
                              .kv_type = kv_type_of(settings),
                              .cancelled = &interrupt.flag()};
}

std::string line(const char* what, double rate, double limit) {
  return cat(what, std::llround(rate * 10) / 10.0, " tokens/s, limit ", std::llround(limit * 10) / 10.0, " (",
             std::llround(100 * rate / limit), " %)\n");
}

Json as_json(const BenchFlags& flags, const models::Model& model, const engine::BenchResult& result,
             const BenchLimits& limits, compute::KvType kv_type) {
  Json json;
  json.set("model", model_id(flags.model));
  json.set("prefill_tokens_per_second", result.prefill_tokens_per_second());
  json.set("prefill_limit", limits.prefill);
  json.set("decode_tokens_per_second", flags.generate > 0 ? Json(result.decode_tokens_per_second()) : Json());
  json.set("decode_limit", limits.decode);
  json.set("prompt", flags.prompt);
  json.set("generate", flags.generate);
  json.set("batch", flags.batch);
  json.set("depth", flags.depth);
  json.set("threads", model.backend().n_threads());
  json.set("kernels", std::string(model.backend().kernels_name()));
  json.set("numerics", compute::name(model.backend().numerics()));
  json.set("kv", compute::name(kv_type));
  json.set("weight_bytes", Json(model.weight_bytes()));
  json.set("terms", limits.terms);
  return json;
}

Result<int> bench(const BenchFlags& flags, const config::Settings& settings) {
  const Interrupt interrupt = TRY(Interrupt::watch());
  const engine::BenchOptions options = TRY(options_of(flags, settings, interrupt));
  const std::string path = TRY(resolve_model(flags.model, settings, &interrupt.flag()));
  const std::unique_ptr<compute::Backend> backend = TRY(backend_of(settings));
  ProgressBar bar("loading");
  const loading::LoadedModel loaded =
      TRY(loading::load_weights(TRY(loading::open_model(path)),
                                {.backend = *backend,
                                 .progress = [&](uint64_t done, uint64_t total) { bar.update(done, total); },
                                 .cancelled = &interrupt.flag()}));
  const compute::cpu::RoofOptions roof_options{.n_threads = backend->n_threads(),
                                               .read_buffer_bytes = loaded.model->decode_weight_bytes()};
  const compute::cpu::Roof roof = TRY(compute::cpu::measure_roof(roof_options));
  const engine::BenchResult result = TRY(engine::run_bench(*loaded.model, options));
  const BenchLimits limits = bench_limits(*loaded.model, *loaded.file, options, roof);
  if (flags.json) {
    TRY(print_json(as_json(flags, *loaded.model, result, limits, options.kv_type)));
    return kExitOk;
  }
  std::string text =
      cat(model_id(flags.model), ": ", flags.prompt, " prompt + ", flags.generate,
          " generated tokens at depth ", flags.depth, ", batch ", flags.batch, ", ", backend->n_threads(),
          " threads, ", backend->kernels_name(), ", ", compute::name(backend->numerics()), "\n");
  text += line("prefill  ", result.prefill_tokens_per_second(), limits.prefill);
  if (flags.generate > 0) text += line("decode   ", result.decode_tokens_per_second(), limits.decode);
  TRY(print(text));
  return kExitOk;
}

}  // namespace

Command bench_command() {
  auto flags = std::make_shared<BenchFlags>();
  return {
      .name = "bench",
      .summary = "Prefill and decode speed, each beside the measured limit of the machine",
      .examples =
          "  domicile bench smollm2\n  domicile bench ./model.gguf --prompt 512 --generate 64 --batch 4 "
          "--depth 4096",
      .settings = {std::begin(kComputeSettings), std::end(kComputeSettings)},
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model, "name, .gguf or folder");
            set.integer("--prompt", flags->prompt, "prompt tokens of each sequence [512]");
            set.integer("--generate", flags->generate, "tokens to generate for each sequence [64]");
            set.integer("--batch", flags->batch, "sequences at once [1]");
            set.integer("--depth", flags->depth, "tokens already in each context [0]");
            set.flag("--json", flags->json, "print JSON");
          },
      .run = [flags](const config::Settings& settings) { return bench(*flags, settings); },
  };
}

}  // namespace apps
