#pragma once
// One process at a time (flock): held until destroyed, given up by the kernel when the process dies.
#include <filesystem>
#include <functional>
#include <optional>

#include "base/result.h"
#include "platform/unique_fd.h"

namespace platform {

class FileLock {
 public:
  // The lock of that file, which is made if missing and never removed; nothing if somebody holds it.
  [[nodiscard]] static base::Result<std::optional<FileLock>> try_take(const std::filesystem::path& path);

  // Waits. `go_on` is asked five times a second; Code::cancelled once it says no.
  [[nodiscard]] static base::Result<FileLock> take(const std::filesystem::path& path,
                                                   const std::function<bool()>& go_on);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace platform
