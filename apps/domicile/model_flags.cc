#include "apps/domicile/model_flags.h"

#include <algorithm>
#include <random>

#include "apps/domicile/inputs.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "engine/memory_plan.h"
#include "platform/cpu_facts.h"
#include "platform/memory_facts.h"
#include "topology/read_topology.h"

namespace apps {

using base::Result;

int threads_of(const config::Settings& settings) {
  return static_cast<int>(settings.integer("threads").value_or(platform::cpu_facts().usable_cores));
}

compute::BackendOptions backend_options(const config::Settings& settings, int n_threads) {
  compute::BackendOptions options{
      .numerics = settings.text("numerics") == "exact" ? compute::Numerics::exact : compute::Numerics::fast,
      .n_threads = n_threads,
      .kernels = settings.text("kernels").value_or("auto")};
  const auto [topology, warning] = topology::topology_or_one_node(topology::read_topology());
  if (!warning.empty()) print_note(warning);
  options.places = platform::thread_places(topology, n_threads);
  return options;
}

compute::BackendOptions backend_options(const config::Settings& settings) {
  return backend_options(settings, threads_of(settings));
}

Result<std::unique_ptr<compute::Backend>> backend_of(const config::Settings& settings) {
  return compute::make_cpu_backend(backend_options(settings));
}

compute::KvType kv_type_of(const config::Settings& settings) {
  using enum compute::KvType;
  const auto given = settings.text("kv");
  for (const compute::KvType type : {f32, bf16, int8, q4})
    if (given && *given == compute::name(type)) return type;
  return settings.text("numerics") == "exact" ? compute::KvType::f32 : compute::KvType::bf16;
}

serving::SamplingChoices sampling_choices(const config::Settings& settings) {
  return {.temperature = settings.number("temperature"),
          .top_k = settings.integer("top-k"),
          .top_p = settings.number("top-p"),
          .min_p = settings.number("min-p")};
}

uint64_t fresh_seed() {
  std::random_device device;
  return (uint64_t{device()} << 21 ^ device()) & ((uint64_t{1} << 53) - 1);
}

uint64_t seed_of(const config::Settings& settings) {
  const auto given = settings.integer("seed");
  return given ? static_cast<uint64_t>(*given) : fresh_seed();
}

models::Residence residence_of(const loading::OpenedModel& opened, const config::Settings& settings) {
  constexpr uint64_t kWorkBytes = uint64_t{256} << 20;  // the program, activations, a short context
  const uint64_t usable_bytes = platform::memory_facts().usable_bytes;
  const engine::MemoryNeeds needs{
      .usable_bytes = std::min(usable_bytes, settings.bytes("memory").value_or(usable_bytes)),
      .weight_bytes = opened.file->tensor_bytes(),
      .work_bytes = kWorkBytes,
      .weights_are_packed = !opened.file->packed_layout().empty()};
  if (engine::weights_fit(needs)) return models::Residence::memory;
  print_note(engine::stays_in_file_note(needs));
  return models::Residence::file;
}

Result<std::optional<std::string>> chat_template_of(const config::Settings& settings) {
  const auto path = settings.text("chat-template");
  if (!path) return std::nullopt;
  return std::optional<std::string>(TRY(read_input_file(*path)));
}

Result<serving::HostOptions> host_options(const std::string& id, const config::Settings& settings,
                                          const std::atomic<bool>* cancelled) {
  std::optional<std::string> draft_path;
  if (const auto draft = settings.text("draft-model"))
    draft_path = TRY(resolve_model(*draft, settings, cancelled));
  return serving::HostOptions{
      .id = id,
      .backend = backend_options(settings),
      .kv_type = kv_type_of(settings),
      .chunk_tokens = *settings.integer("chunk"),
      .context_tokens = settings.integer("context"),
      .memory_bytes = settings.bytes("memory"),
      .kv_bytes = settings.bytes("kv-memory").value_or(0),
      .max_sequences = static_cast<int>(*settings.integer("max-sequences")),
      .max_queued = static_cast<int>(*settings.integer("max-queue")),
      .draft_tokens = settings.text("speculation") == "off" ? 0 : *settings.integer("draft-tokens"),
      .draft_path = std::move(draft_path),
      .chat_template = TRY(chat_template_of(settings)),
      .if_silent = {},
      .progress = {},
      .cancelled = cancelled};
}

Result<std::shared_ptr<serving::HostedModel>> host(const std::string& model, const config::Settings& settings,
                                                   const std::atomic<bool>* cancelled,
                                                   const serving::SamplingChoices& if_silent) {
  const std::string path = TRY(resolve_model(model, settings, cancelled));
  const std::string id = model_id(model);
  serving::HostOptions options = TRY(host_options(id, settings.for_model(id), cancelled));
  ProgressBar bar(base::cat("loading ", options.id));
  options.if_silent = if_silent;
  options.progress = [&](uint64_t done, uint64_t total) { bar.update(done, total); };
  return serving::HostedModel::load(path, options);
}

}  // namespace apps
