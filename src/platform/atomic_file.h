#pragma once
// Files that appear whole or not at all.
#include <filesystem>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/unique_fd.h"

namespace platform {

// A file that is being written. Destroying one that was not committed leaves nothing behind.
// After any error only destruction makes sense.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  [[nodiscard]] virtual base::Status write(base::Bytes bytes) = 0;
  // Puts everything on the disk and gives the file its name. Call once, last.
  [[nodiscard]] virtual base::Status commit() = 0;
};

// How a part that writes files makes them; tests pass one that fails.
using CreateFile =
    std::function<base::Result<std::unique_ptr<WritableFile>>(const std::filesystem::path& target)>;

// Writes beside its target under a hidden name and renames at commit(). A full disk is Code::exhausted.
class AtomicFile final : public WritableFile {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<WritableFile>> create(
      const std::filesystem::path& target);
  ~AtomicFile() override;
  [[nodiscard]] base::Status write(base::Bytes bytes) override;
  [[nodiscard]] base::Status commit() override;

 private:
  AtomicFile(UniqueFd fd, std::filesystem::path temporary, std::filesystem::path target);
  UniqueFd fd_;
  std::filesystem::path temporary_;  // empty once committed
  std::filesystem::path target_;
};

[[nodiscard]] base::Status write_file_atomically(const std::filesystem::path& path, base::Bytes bytes);

}  // namespace platform
