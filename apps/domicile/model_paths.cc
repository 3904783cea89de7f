#include "apps/domicile/model_paths.h"

#include <algorithm>

#include "apps/domicile/output.h"
#include "base/strings.h"
#include "model_store/model_name.h"

namespace apps {

using base::Result;
using model_store::Store;

Store open_store(const config::Settings& settings) {
  // Absolute, so that the paths it gives out hold wherever they are used.
  return Store(std::filesystem::absolute(*settings.text("data-dir")),
               Store::real_world(platform::process_environment()));
}

Result<model_store::Pulled> pull_model(const Store& store, const std::string& model,
                                       const Store::PullOptions& options,
                                       const std::atomic<bool>* cancelled) {
  ProgressBar bar(base::cat("pulling ", model));
  return store.pull(model, options, [&](const model_store::Progress& progress) {
    bar.update(progress.done_bytes, progress.total_bytes);
    return cancelled == nullptr || !*cancelled;
  });
}

Result<std::string> resolve_model(const std::string& model, const config::Settings& settings,
                                  const std::atomic<bool>* cancelled) {
  for (const config::ModelTable& table : settings.models())
    if (table.path && (table.name == model || std::ranges::find(table.aliases, model) != table.aliases.end()))
      return *table.path;
  const Store store = open_store(settings);
  auto path = store.resolve(model);
  if (path) return path->string();
  if (path.error().code != base::Code::not_found || !store.can_pull(model))
    return std::unexpected(path.error());
  print_note(base::cat("model '", model, "' is not here yet: pulling it"));
  return TRY(pull_model(store, model, {}, cancelled)).path.string();
}

std::string model_id(const std::string& model) {
  return model_store::looks_like_path(model) ? model_store::name_of_path(model)
                                             : std::string(model_store::without_latest(model));
}

}  // namespace apps
