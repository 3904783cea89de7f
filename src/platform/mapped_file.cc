#include "platform/mapped_file.h"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "platform/files.h"
#include "platform/os_error.h"

namespace platform {
namespace {

// madvise over every page that `part` touches. What it answers does not matter: these are hints.
void advise(base::Bytes part, int advice) {
  if (part.empty()) return;
  const uintptr_t page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t before = reinterpret_cast<uintptr_t>(part.data()) % page_bytes;
  ::madvise(const_cast<std::byte*>(part.data()) - before, part.size() + before, advice);
}

}  // namespace

MappedFile::MappedFile(UniqueFd fd, std::filesystem::path path, const struct stat& facts, base::Bytes bytes)
    : fd_(std::move(fd)), path_(std::move(path)), modified_(facts.st_mtim), bytes_(bytes) {}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      modified_(other.modified_),
      bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this == &other) return *this;
  unmap();
  fd_ = std::move(other.fd_);
  path_ = std::move(other.path_);
  modified_ = other.modified_;
  bytes_ = std::exchange(other.bytes_, {});
  return *this;
}

MappedFile::~MappedFile() {
  unmap();
}

void MappedFile::unmap() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

base::Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  UniqueFd fd = TRY(open_for_reading(path));
  struct stat facts;
  if (::fstat(fd.get(), &facts) != 0) return os_error("look at", path, errno);
  if (!S_ISREG(facts.st_mode))
    return base::fail(base::Code::invalid_argument, base::cat(quoted(path), " is not a regular file"));
  const size_t size_bytes = static_cast<size_t>(facts.st_size);
  if (size_bytes == 0) return MappedFile(std::move(fd), path, facts, {});
  void* address = ::mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) return os_error("map", path, errno);
  return MappedFile(std::move(fd), path, facts, {static_cast<const std::byte*>(address), size_bytes});
}

void MappedFile::will_need(base::Bytes part) const {
  advise(part, MADV_WILLNEED);
}
void MappedFile::drop_pages(base::Bytes part) const {
  advise(part, MADV_DONTNEED);
}

void MappedFile::populate(base::Bytes part) const {
  advise(part, MADV_HUGEPAGE);
  advise(part, MADV_POPULATE_READ);
}

base::Status MappedFile::check_unchanged() const {
  struct stat now;
  if (::fstat(fd_.get(), &now) != 0) return os_error("look at", path_, errno);
  if (static_cast<size_t>(now.st_size) < bytes_.size())
    return base::fail(base::Code::corrupt, base::cat(quoted(path_), " was shortened while in use, from ",
                                                     bytes_.size(), " to ", now.st_size, " bytes"));
  if (now.st_mtim.tv_sec != modified_.tv_sec || now.st_mtim.tv_nsec != modified_.tv_nsec)
    return base::fail(base::Code::corrupt, base::cat(quoted(path_), " was changed while in use"));
  return {};
}

}  // namespace platform
