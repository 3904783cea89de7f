#pragma once
// What can be said of a model from its headers alone.
#include <filesystem>

#include "base/result.h"
#include "model_store/record.h"

namespace model_store {

// Container, architecture, type and size; the rest is left to the caller. Fails as ModelFile::open does.
[[nodiscard]] base::Result<Record> inspect_model(const std::filesystem::path& path);

}  // namespace model_store
