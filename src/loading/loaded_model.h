#pragma once
// A path to a model that is ready to run: weights, text side, generation defaults, stop tokens.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loading/text_side.h"
#include "models/model.h"

namespace loading {

// What generation_config.json says; absent: not said.
struct GenerationDefaults {
  std::optional<double> temperature, top_p, min_p, repetition_penalty;
  std::optional<int64_t> top_k;
};

struct LoadedModel {
  std::unique_ptr<model_files::ModelFile> file;
  std::unique_ptr<models::Model> model;
  TextSide text;
  GenerationDefaults defaults;
  std::vector<TokenId> stop_ids;  // of config, generation_config, tokenizer and GGUF together; ascending
  int64_t n_valid_ids = 0;        // ids that may be sampled: the tokenizer's, or all rows without one
};

// Checks everything but the weights: opens the file, reads configuration and text side. Cheap.
struct OpenedModel {
  std::unique_ptr<model_files::ModelFile> file;
  models::Config config;
  TextSide text;
  GenerationDefaults defaults;
  std::vector<TokenId> stop_ids;
};
base::Result<OpenedModel> open_model(const std::string& path);

// Brings the weights into options.backend.
base::Result<LoadedModel> load_weights(OpenedModel opened, const models::LoadOptions& options);

}  // namespace loading
