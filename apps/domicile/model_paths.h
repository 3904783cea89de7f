#pragma once
// What MODEL on the command line stands for.
#include <string>

#include "base/result.h"
#include "config/settings.h"

namespace apps {

// A path that exists, or a name in the store. An unknown name is an error that lists what there is.
base::Result<std::string> resolve_model(const std::string& model, const config::Settings& settings);

// The id under which a model is served: its name, or a path's file name without `.gguf`.
std::string model_id(const std::string& model);

}  // namespace apps
