#pragma once
// The architectures this build knows. An architecture file defines one of these; registry.cc lists them.
#include <span>
#include <string_view>

#include "models/model.h"

namespace models {

struct Architecture {
  std::string_view gguf_name;   // general.architecture
  std::string_view class_name;  // config.json: architectures[0]
  std::string_view model_type;  // config.json: model_type
  base::Result<Config> (*read_config)(const model_files::ModelFile& file);
  base::Result<std::unique_ptr<Model>> (*load)(const model_files::ModelFile& file,
                                               const LoadOptions& options);
};

std::span<const Architecture* const> architectures();

// The architecture that the file names, or an error that names it and lists those that are known.
base::Result<const Architecture*> find_architecture(const model_files::ModelFile& file);

}  // namespace models
