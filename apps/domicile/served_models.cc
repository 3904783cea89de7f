#include "apps/domicile/served_models.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "compute/cpu/roof.h"
#include "model_store/model_name.h"
#include "platform/memory_facts.h"

namespace apps {

using base::Result;

namespace {

std::optional<double> read_rate(const compute::BackendOptions& backend, uint64_t bytes) {
  constexpr uint64_t kMostBytes = uint64_t{256} << 20;  // beyond the caches of most machines
  const auto roof = compute::cpu::measure_roof({.n_threads = backend.n_threads,
                                                .places = backend.places,
                                                .read_buffer_bytes = std::min(bytes, kMostBytes),
                                                .arithmetic = false});
  return roof ? std::optional(roof->read_bytes_per_second) : std::nullopt;
}

class SettingsLoader : public serving::ModelLoader {
 public:
  explicit SettingsLoader(config::Settings settings) : settings_(std::move(settings)) {}

  Result<uint64_t> least_bytes(const serving::ModelEntry& entry) override {
    const config::Settings own = settings_.for_model(entry.id);
    const std::string path = TRY(resolve_model(entry.source, own));
    return serving::HostedModel::least_bytes(path, TRY(host_options(entry.id, own, nullptr)));
  }

  Result<Loaded> load(const serving::ModelEntry& entry, uint64_t memory_bytes,
                      const std::atomic<bool>& cancelled) override {
    const config::Settings own = settings_.for_model(entry.id);
    const std::string path = TRY(resolve_model(entry.source, own, &cancelled));
    ProgressBar bar(base::cat("loading ", entry.id));
    serving::HostOptions options = TRY(host_options(entry.id, own, &cancelled));
    options.memory_bytes = memory_bytes;
    options.measure_read_rate = [backend = options.backend](uint64_t bytes) {
      return read_rate(backend, bytes);
    };
    options.progress = [&](uint64_t done, uint64_t total) { bar.update(done, total); };
    const std::shared_ptr<serving::HostedModel> host = TRY(serving::HostedModel::load(path, options));
    bar.clear();
    print_note(base::cat("serving ", entry.id, ", ", host->engine().context_tokens(), " tokens of context"));
    if (!host->note().empty()) print_note(host->note());
    return Loaded{.model = {host, &host->served()}, .bytes = host->held_bytes()};
  }

 private:
  const config::Settings settings_;
};

// Negative lengths mean for ever.
serving::KeepAlive keep_alive_of(const config::Settings& settings) {
  const auto given = settings.duration("keep-alive");
  return given && given->count() < 0 ? std::nullopt : given;
}

bool has_own_keep_alive(const config::Settings& settings) {
  return settings.find("keep-alive")->origin != config::Origin::built_in;
}

class OfferBuilder {
 public:
  explicit OfferBuilder(const config::Settings& settings)
      : settings_(settings), now_(static_cast<int64_t>(std::time(nullptr))) {}

  enum class Load { at_start, on_demand };

  void add(const std::string& id, const std::string& source, Load load) {
    if (contains(id)) return;
    const config::Settings own = settings_.for_model(id);
    serving::ModelEntry entry{.id = id, .aliases = {}, .source = source, .keep_alive = {}, .created = now_};
    if (const config::ModelTable* table = table_of(id)) {
      entry.aliases = table->aliases;
      if (table->path) entry.source = *table->path;
    }
    if (load == Load::on_demand || has_own_keep_alive(own)) entry.keep_alive = keep_alive_of(own);
    out_.entries.push_back(std::move(entry));
    if (load == Load::at_start) out_.at_start.push_back(id);
  }

  Offer take() { return std::move(out_); }

 private:
  bool contains(std::string_view id) const {
    return std::ranges::any_of(out_.entries, [&](const auto& entry) { return entry.id == id; });
  }

  const config::ModelTable* table_of(std::string_view id) const {
    const auto& tables = settings_.models();
    const auto found = std::ranges::find(tables, id, &config::ModelTable::name);
    return found == tables.end() ? nullptr : &*found;
  }

  const config::Settings& settings_;
  const int64_t now_;
  Offer out_;
};

}  // namespace

std::shared_ptr<serving::ModelLoader> model_loader(const config::Settings& settings) {
  return std::make_shared<SettingsLoader>(settings);
}

uint64_t memory_for_models(const config::Settings& settings) {
  const uint64_t usable_bytes = platform::memory_facts().usable_bytes;
  return std::min(usable_bytes, settings.bytes("memory").value_or(usable_bytes));
}

Result<Offer> offer(const std::vector<std::string>& names, const config::Settings& settings) {
  using enum OfferBuilder::Load;
  OfferBuilder builder(settings);
  for (const std::string& name : names) builder.add(model_id(name), name, at_start);
  if (names.empty()) builder.add(kDefaultModel, kDefaultModel, at_start);
  for (const config::ModelTable& table : settings.models()) builder.add(table.name, table.name, on_demand);
  if (names.empty())
    for (const model_store::Listed& listed : TRY(open_store(settings).list()))
      if (listed.problem.empty()) builder.add(listed.record.name, listed.record.name, on_demand);
  return builder.take();
}

}  // namespace apps
