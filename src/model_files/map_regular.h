#pragma once
#include <filesystem>

#include "base/strings.h"
#include "base/utf8.h"
#include "platform/mapped_file.h"

namespace model_files {

// Maps a file after a look at its kind: opening a pipe would wait for its writer, and a hostile folder may
// hold one.
inline base::Result<platform::MappedFile> map_regular(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return base::fail(base::Code::invalid_argument,
                      base::cat("'", base::printable(path.native(), 1000), "' is not a regular file"));
  return platform::MappedFile::open(path);
}

}  // namespace model_files
