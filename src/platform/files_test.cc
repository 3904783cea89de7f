#include "platform/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "tests/temp_dir.h"

namespace platform {
namespace {

using base::Code;

TEST(Files, ReadsAWholeFile) {
  const tests::TempDir dir;
  const std::string contents(100'000, 'x');
  EXPECT_EQ(read_file(dir.write("a", contents), 100'000).value(), contents);
  EXPECT_EQ(read_file(dir.write("empty", ""), 0).value(), "");
}

TEST(Files, RefusesAFileLargerThanTheLimit) {
  const tests::TempDir dir;
  const auto result = read_file(dir.write("big", std::string(2049, 'x')), 2048);
  EXPECT_EQ(result.error().code, Code::exhausted);
  EXPECT_NE(result.error().message.find("big' holds more than the 2.0 KiB allowed"), std::string::npos);
}

TEST(Files, ReadsAPipeToItsEndAndBoundsItToo) {
  for (const uint64_t limit : {100'000u, 50'000u}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const UniqueFd read_end(ends[0]);
    std::thread writer([fd = ends[1]] {
      const std::string chunk(10'000, 'y');
      for (int i = 0; i < 6; ++i)
        if (::write(fd, chunk.data(), chunk.size()) < 0) break;
      ::close(fd);
    });
    const auto result = read_all(read_end.get(), "pipe", limit);
    writer.join();
    EXPECT_EQ(result.has_value(), limit == 100'000u);
    EXPECT_EQ(result.value_or("").size(), limit == 100'000u ? 60'000u : 0u);
  }
}

TEST(Files, SaysWhatIsWrongAndWithWhich) {
  const tests::TempDir dir;
  const auto missing = read_file(dir / "no\x1bsuch", 10);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_EQ(missing.error().message,
            "cannot open '" + dir.path().native() + "/no\\x1bsuch': No such file or directory");
  EXPECT_EQ(read_file(dir.path(), 10).error().code, Code::invalid_argument);
}

TEST(Files, MakesFoldersAndRemovesFiles) {
  const tests::TempDir dir;
  EXPECT_TRUE(make_directories(dir / "a/b/c"));
  EXPECT_TRUE(make_directories(dir / "a/b/c"));
  const auto file = dir.write("a/f", "x");
  EXPECT_FALSE(make_directories(file));
  EXPECT_TRUE(remove_file(file));
  EXPECT_TRUE(remove_file(file));
  EXPECT_TRUE(sync_directory(dir.path()));
  EXPECT_FALSE(remove_file(dir / "a/b"));
}

TEST(Files, RemovingATreeDoesNotFollowLinks) {
  const tests::TempDir dir;
  dir.write("kept/file", "x");
  dir.write("tree/deep/file", "x");
  std::filesystem::create_symlink(dir / "kept", dir / "tree/link");
  EXPECT_TRUE(remove_tree(dir / "tree"));
  EXPECT_TRUE(remove_tree(dir / "tree"));
  EXPECT_FALSE(std::filesystem::exists(dir / "tree"));
  EXPECT_TRUE(std::filesystem::exists(dir / "kept/file"));
}

TEST(Files, KnowsTheFreeSpace) {
  EXPECT_GT(free_disk_bytes("/tmp").value(), 0u);
  EXPECT_FALSE(free_disk_bytes("/no/such/place").has_value());
}

}  // namespace
}  // namespace platform
