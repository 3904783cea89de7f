#pragma once
// A file mapped into memory for reading.
//
// The bytes are the file's pages themselves: they are read when touched, and a file that somebody shortens
// while it is mapped kills the process on touch (SIGBUS; see explain_bus_errors in platform/signals.h).
// Replacing a file by rename, as AtomicFile does, is harmless: the mapping keeps the old one.
#include <sys/stat.h>

#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"
#include "platform/unique_fd.h"

namespace platform {

class MappedFile {
 public:
  // A regular file; an empty one gives no bytes.
  [[nodiscard]] static base::Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  base::Bytes bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

  // Hints. `part` lies within bytes(). will_need() starts reading from the disk in the background;
  // drop_pages() takes the pages that it touches out of this process's memory, to be read again if touched
  // again.
  void will_need(base::Bytes part) const;
  void drop_pages(base::Bytes part) const;
  // Reads `part` and enters its pages into this process's tables, in huge pages where the file lies in such:
  // 4.7 GB that the page cache holds take 0.1 s, a touch of each page 0.3 s.
  void populate(base::Bytes part) const;

  // Code::corrupt, naming the file, if it was shortened or rewritten since it was opened.
  [[nodiscard]] base::Status check_unchanged() const;

 private:
  MappedFile(UniqueFd fd, std::filesystem::path path, const struct stat& facts, base::Bytes bytes);
  void unmap();

  UniqueFd fd_;
  std::filesystem::path path_;
  struct timespec modified_;
  base::Bytes bytes_;
};

}  // namespace platform
