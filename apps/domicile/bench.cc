// domicile bench: prefill and decode speed, each beside what the machine could do at best, and beside a peer.
#include <cmath>
#include <memory>

#include "apps/domicile/bench_plan.h"
#include "apps/domicile/bench_report.h"
#include "apps/domicile/commands.h"
#include "apps/domicile/interrupt.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "loading/loaded_model.h"
#include "platform/cgroups.h"
#include "platform/cpu_facts.h"
#include "platform/memory_facts.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Result;

namespace {

struct BenchFlags {
  std::string model;
  BenchRequest request;
  std::optional<std::string> batch, depth, compare;
  bool json = false;
};

// What stays the same for all numbers of threads.
struct BenchJob {
  const BenchFlags& flags;
  const config::Settings& settings;
  const BenchPlan plan;
  const std::string path;
  const std::optional<BenchPeer> peer;
  const Interrupt& interrupt;
};

Result<loading::LoadedModel> load(const BenchJob& job, compute::Backend& backend) {
  loading::OpenedModel opened = TRY(loading::open_model(job.path));
  const models::Residence residence = residence_of(opened, job.settings);
  ProgressBar bar("loading");
  return loading::load_weights(std::move(opened),
                               {.backend = backend,
                                .residence = residence,
                                .progress = [&](uint64_t done, uint64_t total) { bar.update(done, total); },
                                .cancelled = &job.interrupt.flag()});
}

BenchSubject subject_of(const BenchJob& job, const loading::LoadedModel& loaded) {
  const compute::Backend& backend = loaded.model->backend();
  BenchSubject subject{.model = model_id(job.flags.model),
                       .type = type_name(*loaded.file),
                       .n_parameters = loaded.model->config().n_parameters,
                       .tensor_bytes = loaded.file->tensor_bytes(),
                       .weight_bytes = loaded.model->weight_bytes(),
                       .n_threads = backend.n_threads(),
                       .kernels = std::string(backend.kernels_name()),
                       .numerics = compute::name(backend.numerics()),
                       .kv_type = compute::name(kv_type_of(job.settings)),
                       .cpu = platform::cpu_facts().model_name};
  if (job.peer) subject.peer = job.peer->name();
  return subject;
}

// The reading rate depends on how much of the buffer caches hold, so it has the size of what a decode step
// reads; of a model that fills the memory, as much of that as there is room for.
compute::cpu::RoofOptions roof_options(const models::Model& model, const compute::BackendOptions& backend) {
  const uint64_t room = std::max<uint64_t>(platform::memory_facts().usable_bytes / 2, uint64_t{64} << 20);
  return {.n_threads = backend.n_threads,
          .places = backend.places,
          .read_buffer_bytes = std::min(std::max<uint64_t>(1, model.decode_weight_bytes()), room)};
}

uint64_t throttled_periods() {
  const auto throttling = platform::cgroup_cpu_throttling("/");
  return throttling ? throttling->throttled_periods : 0;
}

// Rounds of all cases, each followed by the peer's turn; the machine is measured before each round and after
// the last, so that a neighbour's noise cannot make the limit look lower than it is.
Result<BenchReport> measure(const BenchJob& job, const loading::LoadedModel& loaded,
                            const compute::BackendOptions& backend) {
  const models::Model& model = *loaded.model;
  const compute::KvType kv_type = kv_type_of(job.settings);
  const auto runner = TRY(engine::BenchRunner::make(*loaded.model, job.plan.cases,
                                                    {.chunk_tokens = *job.settings.integer("chunk"),
                                                     .kv_type = kv_type,
                                                     .cancelled = &job.interrupt.flag()}));
  const compute::cpu::RoofOptions roof = roof_options(model, backend);
  const uint64_t throttled_before = throttled_periods();
  BenchReport report{.subject = subject_of(job, loaded), .roof = TRY(compute::cpu::measure_roof(roof))};
  for (const engine::BenchCase& each : job.plan.cases) report.rows.push_back({.bench_case = each});

  const auto go_on = [&] { return !job.interrupt.is_set(); };
  for (int round = 0; round < job.plan.n_rounds; ++round) {
    for (BenchRow& row : report.rows) {
      row.rounds.push_back(TRY(runner->run(row.bench_case)));
      if (job.peer && BenchPeer::can_run(row.bench_case))
        row.peer_rounds.push_back(TRY(job.peer->run(job.path, row.bench_case, roof.n_threads, go_on)));
    }
    report.roof = best_of(report.roof, TRY(compute::cpu::measure_roof(roof)));
    if (!go_on()) return fail(Code::cancelled, "the benchmark was cancelled");
  }
  report.throttled_periods = throttled_periods() - throttled_before;
  const BenchWork work = bench_work(model, *loaded.file, kv_type);
  for (BenchRow& row : report.rows) row.limits = bench_limits(work, row.bench_case, report.roof);
  return report;
}

Result<BenchReport> measure_with_threads(const BenchJob& job, int n_threads) {
  const compute::BackendOptions options = backend_options(job.settings, n_threads);
  const std::unique_ptr<compute::Backend> backend = TRY(compute::make_cpu_backend(options));
  const loading::LoadedModel loaded = TRY(load(job, *backend));
  return measure(job, loaded, options);
}

// A peer reads GGUF files alone; better said before anything is loaded.
Result<std::optional<BenchPeer>> find_peer(const BenchFlags& flags, const std::string& path) {
  if (!flags.compare) return std::nullopt;
  BenchPeer peer = TRY(BenchPeer::find(*flags.compare, platform::process_environment()));
  const auto file = TRY(model_files::ModelFile::open(path));
  if (!file->packed_layout().empty())
    return fail(Code::invalid_argument, cat("--compare wants a GGUF file, '", path, "' is packed"));
  if (file->container() != model_files::Container::gguf)
    return fail(Code::invalid_argument, cat("--compare wants a GGUF file, '", path, "' is a ",
                                            model_files::container_name(file->container())));
  return peer;
}

Result<int> bench(BenchFlags flags, const config::Settings& settings) {
  const Interrupt interrupt = TRY(Interrupt::watch());
  if (flags.batch) flags.request.batch = *flags.batch;
  if (flags.depth) flags.request.depth = *flags.depth;
  const BenchPlan plan = TRY(plan_bench(flags.request, threads_of(settings)));
  const std::string path = TRY(resolve_model(flags.model, settings, &interrupt.flag()));
  const BenchJob job{.flags = flags,
                     .settings = settings,
                     .plan = plan,
                     .path = path,
                     .peer = TRY(find_peer(flags, path)),
                     .interrupt = interrupt};
  std::vector<BenchReport> reports;
  reports.reserve(plan.threads.size());
  for (const int n_threads : plan.threads) reports.push_back(TRY(measure_with_threads(job, n_threads)));
  if (!flags.json) {
    TRY(print(to_table(reports)));
    return kExitOk;
  }
  for (const BenchReport& report : reports)
    for (const BenchRow& row : report.rows) TRY(print_json(to_json(report, row)));
  return kExitOk;
}

}  // namespace

Command bench_command() {
  auto flags = std::make_shared<BenchFlags>();
  return {
      .name = "bench",
      .summary = "Prefill and decode speed, each beside the measured limit of the machine, and beside a peer",
      .examples =
          "  domicile bench smollm2\n"
          "  domicile bench ./model.gguf --batch 1,2,4,8 --depth 0,4096 --repeat 3\n"
          "  domicile bench ./model.gguf --compare ~/llama.cpp/build/bin/llama-bench --repeat 5",
      .settings = {"numerics", "chunk", "kernels", "kv", "memory"},
      .declare =
          [flags](FlagSet& set) {
            BenchRequest& request = flags->request;
            set.positional("MODEL", flags->model, "name, .gguf or folder");
            set.integer("--prompt", request.prompt, "prompt tokens of each sequence [512]");
            set.integer("--generate", request.generate, "tokens to generate for each sequence [64]");
            set.text("--batch", flags->batch, "N,...", "sequences at once [1]");
            set.text("--depth", flags->depth, "N,...", "tokens already in each context [0]");
            set.text("--threads", request.threads, "N,...",
                     "threads that compute; by default one for each core that this process may use");
            set.integer("--repeat", request.repeat, "rounds; printed are the median and the extremes [1]");
            set.text("--compare", flags->compare, "PEER",
                     "a llama-bench (more flags of its own may follow), run in turn on the same file");
            set.flag("--json", flags->json, "print a line of JSON for each case");
          },
      .run = [flags](const config::Settings& settings) { return bench(*flags, settings); },
  };
}

}  // namespace apps
