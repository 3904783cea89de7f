#include "platform/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <random>

#include "base/strings.h"
#include "platform/files.h"
#include "platform/os_error.h"

namespace platform {
namespace {

std::filesystem::path temporary_name(const std::filesystem::path& target) {
  std::random_device random;
  const std::string name = base::cat(".", target.filename().native(), ".", random(), ".part");
  return target.parent_path() / name;
}

}  // namespace

AtomicFile::AtomicFile(UniqueFd fd, std::filesystem::path temporary, std::filesystem::path target)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), target_(std::move(target)) {}

base::Result<std::unique_ptr<WritableFile>> AtomicFile::create(const std::filesystem::path& target) {
  // A rename would put a file in the place of a device or a pipe.
  std::error_code absent;
  const auto status = std::filesystem::status(target, absent);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return base::fail(base::Code::invalid_argument,
                      base::cat("'", target.native(), "' is no ordinary file: name a file to write"));
  // Names are random, so the second try all but always succeeds.
  for (int attempt = 0;; ++attempt) {
    std::filesystem::path temporary = temporary_name(target);
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd.is_open())
      return std::unique_ptr<WritableFile>(new AtomicFile(std::move(fd), std::move(temporary), target));
    if (errno != EEXIST || attempt == 10) return os_error("create", target, errno);
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

base::Status AtomicFile::write(base::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error("write to", target_, errno);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

base::Status AtomicFile::commit() {
  if (::fsync(fd_.get()) != 0) return os_error("write to", target_, errno);
  fd_.reset();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return os_error("rename to", target_, errno);
  temporary_.clear();
  return sync_directory(target_.parent_path());
}

base::Status write_file_atomically(const std::filesystem::path& path, base::Bytes bytes) {
  const auto file = TRY(AtomicFile::create(path));
  TRY(file->write(bytes));
  return file->commit();
}

}  // namespace platform
