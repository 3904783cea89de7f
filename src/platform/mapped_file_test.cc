#include "platform/mapped_file.h"

#include <gtest/gtest.h>

#include "platform/memory_facts.h"
#include "tests/temp_dir.h"

namespace platform {
namespace {

TEST(MappedFile, ShowsTheFilesBytes) {
  const tests::TempDir dir;
  const auto file = MappedFile::open(dir.write("f", "some bytes")).value();
  EXPECT_EQ(base::as_text(file.bytes()), "some bytes");
  EXPECT_TRUE(file.check_unchanged());
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const tests::TempDir dir;
  const auto file = MappedFile::open(dir.write("f", "")).value();
  EXPECT_TRUE(file.bytes().empty());
  file.drop_pages(file.bytes());
}

TEST(MappedFile, RefusesWhatIsNoRegularFile) {
  EXPECT_EQ(MappedFile::open("/dev/null").error().message, "'/dev/null' is not a regular file");
  EXPECT_EQ(MappedFile::open("/tmp").error().code, base::Code::invalid_argument);
  EXPECT_EQ(MappedFile::open("/no/such/file").error().code, base::Code::not_found);
}

TEST(MappedFile, StaysReadableWhenMovedAndReplaced) {
  const tests::TempDir dir;
  auto a = MappedFile::open(dir.write("a", "first")).value();
  auto b = MappedFile::open(dir.write("b", "second")).value();
  a = std::move(b);
  EXPECT_EQ(base::as_text(a.bytes()), "second");
  std::filesystem::remove(dir / "b");
  EXPECT_EQ(base::as_text(a.bytes()), "second");
}

TEST(MappedFile, DroppedPagesLeaveMemoryAndComeBack) {
  const tests::TempDir dir;
  constexpr size_t kSize = 32 << 20;
  const auto file = MappedFile::open(dir.write("f", std::string(kSize, 'x'))).value();
  const auto touch = [&] {
    size_t n = 0;
    for (size_t at = 0; at < kSize; at += 4096) n += file.bytes()[at] == std::byte{'x'};
    return n;
  };
  ASSERT_EQ(touch(), kSize / 4096);
  const uint64_t before = process_memory().resident_bytes;
  file.drop_pages(file.bytes().subspan(100));
  const uint64_t after = process_memory().resident_bytes;
  EXPECT_LT(after + kSize / 2, before);
  file.will_need(file.bytes());
  EXPECT_EQ(touch(), kSize / 4096);
}

TEST(MappedFile, NoticesThatItWasShortenedOrRewritten) {
  const tests::TempDir dir;
  const auto path = dir.write("f", std::string(10'000, 'x'));
  const auto file = MappedFile::open(path).value();
  std::filesystem::resize_file(path, 5'000);
  EXPECT_NE(
      file.check_unchanged().error().message.find("was shortened while in use, from 10000 to 5000 bytes"),
      std::string::npos);

  const auto other_path = dir.write("g", "same size");
  const auto other = MappedFile::open(other_path).value();
  std::filesystem::last_write_time(other_path,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(other.check_unchanged().error().code, base::Code::corrupt);
}

}  // namespace
}  // namespace platform
