#include "model_store/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <vector>

#include "base/sha256.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace model_store {
namespace {

using base::cat;
using base::Code;
using base::fail;

struct FreeArchive {
  void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

std::unexpected<base::Error> damaged(archive* reader) {
  const char* reason = ::archive_error_string(reader);
  return fail(Code::corrupt,
              cat("the archive is damaged: ", base::printable(reason == nullptr ? "unknown error" : reason)));
}

base::Result<Reader> open_zip(base::Bytes bytes) {
  Reader reader(::archive_read_new());
  if (reader == nullptr) return fail(Code::exhausted, "no memory to read the archive");
  // Only the formats that a wheel can be: the fewer parsers, the less can go wrong.
  ::archive_read_support_format_zip_seekable(reader.get());
  if (::archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return damaged(reader.get());
  return reader;
}

// Moves to the entry of that name.
base::Status find_entry(archive* reader, std::string_view name, uint64_t size_bytes) {
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = ::archive_read_next_header(reader, &entry);
    if (status == ARCHIVE_EOF) return fail(Code::not_found, cat("the archive holds no '", name, "'"));
    if (status < ARCHIVE_WARN) return damaged(reader);
    const char* path = ::archive_entry_pathname(entry);
    if (path != nullptr && path == name) break;
  }
  if (::archive_entry_filetype(entry) != AE_IFREG)
    return fail(Code::corrupt, cat("'", name, "' is not a plain file"));
  const int64_t stated = ::archive_entry_size_is_set(entry) ? ::archive_entry_size(entry) : -1;
  if (stated >= 0 && static_cast<uint64_t>(stated) != size_bytes)
    return fail(Code::corrupt, cat("'", name, "' has ", stated, " bytes instead of ", size_bytes));
  return {};
}

}  // namespace

base::Result<std::string> unpack_entry(base::Bytes archive_bytes, std::string_view entry, uint64_t size_bytes,
                                       platform::WritableFile& out,
                                       const std::function<bool(uint64_t)>& progress) {
  const Reader reader = TRY(open_zip(archive_bytes));
  TRY(find_entry(reader.get(), entry, size_bytes));
  base::Sha256 hash;
  std::vector<std::byte> buffer(1 << 20);
  uint64_t n_written = 0;
  for (;;) {
    const la_ssize_t n = ::archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (n < 0) return damaged(reader.get());
    if (n == 0) break;
    // What the archive states and what it holds can differ.
    if (static_cast<uint64_t>(n) > size_bytes - n_written)
      return fail(Code::corrupt,
                  cat("'", entry, "' holds more than the ", size_bytes, " bytes that it should"));
    const base::Bytes piece(buffer.data(), static_cast<size_t>(n));
    hash.update(piece);
    TRY(out.write(piece));
    n_written += piece.size();
    if (!progress(n_written)) return fail(Code::cancelled, "unpacking was stopped");
  }
  if (n_written != size_bytes)
    return fail(Code::corrupt, cat("'", entry, "' holds ", n_written, " bytes instead of ", size_bytes));
  return hash.finish_hex();
}

}  // namespace model_store
