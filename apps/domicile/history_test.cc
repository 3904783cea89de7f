#include "apps/domicile/history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "platform/files.h"
#include "tests/temp_dir.h"

namespace apps {
namespace {

using Strings = std::vector<std::string>;

class HistoryTest : public ::testing::Test {
 protected:
  std::string path() const { return (directory_.path() / "store" / "history").string(); }
  tests::TempDir directory_;
};

TEST_F(HistoryTest, IsThereAgainNextTime) {
  History(path()).add("one\ntwo \"quoted\" 漢");
  EXPECT_EQ(History(path()).entries(), (Strings{"one\ntwo \"quoted\" 漢"}));
}

TEST_F(HistoryTest, IsForItsOwnerAlone) {
  History(path()).add("a secret");
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(HistoryTest, DoesNotRepeatTheLastOne) {
  History history(path());
  for (const char* text : {"a", "a", "b", "a"}) history.add(text);
  EXPECT_EQ(history.entries(), (Strings{"a", "b", "a"}));
  EXPECT_EQ(History(path()).entries(), history.entries());
}

TEST_F(HistoryTest, IsSharedByProgramsThatRunAtOnce) {
  History first(path()), second(path());
  first.add("from the first");
  second.add("from the second");
  EXPECT_EQ(History(path()).entries(), (Strings{"from the first", "from the second"}));
}

TEST_F(HistoryTest, IsCutWhenItHasGrownLong) {
  {
    History history(path());
    for (int i = 0; i < 1100; ++i) history.add(std::to_string(i));
  }
  const History cut(path());
  EXPECT_EQ(cut.entries().size(), 500u);
  EXPECT_EQ(cut.entries().back(), "1099");
  EXPECT_EQ(History(path()).entries(), cut.entries());
}

TEST_F(HistoryTest, KeepsAHugeTextOutOfTheFile) {
  History history(path());
  history.add(std::string(1 << 20, 'x'));
  EXPECT_EQ(history.entries().size(), 1u);
  EXPECT_TRUE(History(path()).entries().empty());
}

TEST_F(HistoryTest, PassesOverLinesThatAreNoTexts) {
  History(path()).add("good");
  const std::string file = *platform::read_file(path(), 1 << 20);
  FILE* broken = std::fopen(path().c_str(), "w");
  std::fputs(("garbage\n[1]\n" + file + "\"unfinished").c_str(), broken);
  std::fclose(broken);
  EXPECT_EQ(History(path()).entries(), (Strings{"good"}));
}

TEST(History, OfAPathThatCannotBeWrittenWorks) {
  History history("/proc/none/history");
  history.add("a");
  EXPECT_EQ(history.entries(), (Strings{"a"}));
}

}  // namespace
}  // namespace apps
