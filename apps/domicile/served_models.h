#pragma once
// Which models `serve` offers, and how they are loaded: command line, configuration file and store put
// together.
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "serving/model_directory.h"

namespace apps {

// Loads entries whose source is a path or a name, with the settings that hold for the entry's id. Names of
// the catalogue are pulled first.
std::shared_ptr<serving::ModelLoader> model_loader(const config::Settings& settings);

// What all loaded models may take together: --memory, or what is free now.
uint64_t memory_for_models(const config::Settings& settings);

struct Offer {
  std::vector<serving::ModelEntry> entries;
  std::vector<std::string> at_start;  // ids to be loaded before the server is ready
};

// With `names`: those, loaded at the start and kept, and the models of the configuration file. Without: the
// default model, the file's, and every model of the store, each loaded when it is asked for.
base::Result<Offer> offer(const std::vector<std::string>& names, const config::Settings& settings);

}  // namespace apps
