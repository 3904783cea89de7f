#include "platform/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "platform/os_error.h"

namespace platform {
namespace {

std::unexpected<base::Error> too_large(const std::string& name, uint64_t max_bytes) {
  return base::fail(base::Code::exhausted, base::cat("'", name, "' holds more than the ",
                                                     base::format_bytes(max_bytes), " allowed here"));
}

}  // namespace

base::Result<UniqueFd> open_for_reading(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return os_error("open", path, errno);
  struct stat facts;
  if (::fstat(fd.get(), &facts) != 0) return os_error("look at", path, errno);
  if (S_ISDIR(facts.st_mode)) return os_error("read", path, EISDIR);
  return fd;
}

base::Result<std::string> read_all(int fd, const std::string& name, uint64_t max_bytes) {
  struct stat facts;
  if (::fstat(fd, &facts) != 0) return os_error("look at", name, errno);
  const uint64_t expected = S_ISREG(facts.st_mode) ? static_cast<uint64_t>(facts.st_size) : 0;
  if (expected > max_bytes) return too_large(name, max_bytes);

  std::string contents;
  uint64_t n_read = 0;
  for (;;) {
    // One byte more than a regular file should have, to meet its end in the same round.
    if (n_read == contents.size())
      contents.resize(std::max<uint64_t>(n_read * 2, std::max<uint64_t>(expected + 1, 4096)));
    const ssize_t n = ::read(fd, contents.data() + n_read, contents.size() - n_read);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error("read", name, errno);
    n_read += static_cast<uint64_t>(n);
    if (n_read > max_bytes) return too_large(name, max_bytes);
    if (n == 0) break;
  }
  contents.resize(n_read);
  return contents;
}

base::Result<std::string> read_file(const std::filesystem::path& path, uint64_t max_bytes) {
  const UniqueFd fd = TRY(open_for_reading(path));
  return read_all(fd.get(), path.native(), max_bytes);
}

base::Status make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return os_error("make the folder", path, error.value());
  return {};
}

base::Status remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_error("remove", path, errno);
  return {};
}

base::Status remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return os_error("remove", path, error.value());
  return {};
}

base::Status sync_directory(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return os_error("open the folder", path, errno);
  // Some file systems know no fsync of folders; then there is nothing to do.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return os_error("write the folder", path, errno);
  return {};
}

base::Result<uint64_t> free_disk_bytes(const std::filesystem::path& path) {
  struct statvfs facts;
  if (::statvfs(path.c_str(), &facts) != 0) return os_error("look at the disk of", path, errno);
  return uint64_t{facts.f_bavail} * facts.f_frsize;
}

}  // namespace platform
