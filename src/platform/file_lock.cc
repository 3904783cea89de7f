#include "platform/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/strings.h"
#include "platform/os_error.h"

namespace platform {

base::Result<std::optional<FileLock>> FileLock::try_take(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.is_open()) return os_error("open the lock file", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return std::nullopt;
  return os_error("lock", path, errno);
}

base::Result<FileLock> FileLock::take(const std::filesystem::path& path, const std::function<bool()>& go_on) {
  for (;;) {
    std::optional<FileLock> lock = TRY(try_take(path));
    if (lock) return std::move(*lock);
    if (!go_on())
      return base::fail(base::Code::cancelled,
                        base::cat("stopped waiting for another process that holds ", quoted(path)));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace platform
