#include "platform/atomic_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/temp_dir.h"

namespace platform {
namespace {

using base::as_bytes;

TEST(AtomicFile, AppearsWholeAtCommit) {
  const tests::TempDir dir;
  const auto target = dir.write("model", "old");
  auto file = AtomicFile::create(target).value();
  EXPECT_TRUE(file->write(as_bytes("ne")));
  EXPECT_TRUE(file->write(as_bytes("w")));
  EXPECT_EQ(tests::read_text(target), "old");
  EXPECT_TRUE(file->commit());
  file.reset();
  EXPECT_EQ(tests::read_text(target), "new");
  EXPECT_EQ(tests::count_entries(dir.path()), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const tests::TempDir dir;
  {
    auto file = AtomicFile::create(dir / "model").value();
    EXPECT_TRUE(file->write(as_bytes("half")));
    EXPECT_EQ(tests::count_entries(dir.path()), 1u);
  }
  EXPECT_EQ(tests::count_entries(dir.path()), 0u);
}

TEST(AtomicFile, AFailedWriteIsAnErrorAndKeepsTheOldFile) {
  const tests::TempDir dir;
  const auto target = dir.write("model", "old");
  // A limit on file sizes stands in for a full disk.
  struct rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 1000;
  auto* const old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto status = write_file_atomically(target, as_bytes(std::string(2000, 'x')));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_handler);

  EXPECT_EQ(status.error().code, base::Code::exhausted);
  EXPECT_NE(status.error().message.find(target.native()), std::string::npos);
  EXPECT_EQ(tests::read_text(target), "old");
  EXPECT_EQ(tests::count_entries(dir.path()), 1u);
}

TEST(AtomicFile, AMissingFolderIsAnError) {
  EXPECT_EQ(AtomicFile::create("/no/such/folder/file").error().code, base::Code::not_found);
}

TEST(AtomicFile, CommitFailsOverAFolder) {
  const tests::TempDir dir;
  dir.write("target/inside", "x");
  EXPECT_FALSE(write_file_atomically(dir / "target", as_bytes("y")).has_value());
  EXPECT_EQ(tests::count_entries(dir.path()), 1u);
}

TEST(AtomicFile, PutsNothingInThePlaceOfAPipeOrDevice) {
  const tests::TempDir dir;
  const std::string pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(write_file_atomically(pipe, as_bytes("y")).has_value());
  struct stat facts{};
  ASSERT_EQ(::lstat(pipe.c_str(), &facts), 0);
  EXPECT_TRUE(S_ISFIFO(facts.st_mode));
}

}  // namespace
}  // namespace platform
