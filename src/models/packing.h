#pragma once
// Writes a model as its backend keeps it in memory: docs/packed-format.md.
#include <filesystem>

#include "models/model.h"

namespace models {

struct Packed {
  uint64_t size_bytes = 0;  // of the file
  size_t n_matrices = 0;    // in the backend's layout
  size_t n_rows = 0;        // tensors left as rows: vectors
};

// `options` as for load_model(). Every matrix takes memory while it is written, one at a time. Fails, leaving
// nothing behind, as load_model() does, and as files do.
base::Result<Packed> pack_model(const model_files::ModelFile& file, const LoadOptions& options,
                                const std::filesystem::path& path);

}  // namespace models
