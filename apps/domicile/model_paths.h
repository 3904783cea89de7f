#pragma once
// What MODEL on the command line stands for.
#include <atomic>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "model_store/store.h"

namespace apps {

// What commands take when no model is named.
inline constexpr const char* kDefaultModel = "smollm2";

model_store::Store open_store(const config::Settings& settings);

// Fetches a model, with a progress bar. `cancelled` (may be null) is looked at meanwhile.
base::Result<model_store::Pulled> pull_model(const model_store::Store& store, const std::string& model,
                                             const model_store::Store::PullOptions& options,
                                             const std::atomic<bool>* cancelled);

// A path that exists, a model of the configuration file, or a name in the store; a name of the catalogue is
// pulled first. Another name is an error that lists what there is.
base::Result<std::string> resolve_model(const std::string& model, const config::Settings& settings,
                                        const std::atomic<bool>* cancelled = nullptr);

// The id under which a model is served: its name, or a path's file name without `.gguf` or `.pack`.
std::string model_id(const std::string& model);

}  // namespace apps
