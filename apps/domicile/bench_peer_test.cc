#include "apps/domicile/bench_peer.h"

#include <gtest/gtest.h>

#include "tests/temp_dir.h"

namespace apps {
namespace {

const engine::BenchCase kCase{.prompt_tokens = 512, .generate_tokens = 64};
constexpr const char* kRows =
    R"([{"n_prompt": 512, "n_gen": 0, "avg_ts": 95.5}, {"n_prompt": 0, "n_gen": 64, "avg_ts": 12}])";

class BenchPeerTest : public testing::Test {
 protected:
  // A peer that runs a shell script.
  BenchPeer peer(const std::string& script, const std::string& flags = "") {
    const auto path = dir_.write("fake-bench", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return BenchPeer::find(path.native() + flags, {{"PATH", "/usr/bin:/bin"}}).value();
  }
  std::string complaint(const std::string& script) {
    return peer(script).run("m.gguf", kCase, 2, [] { return true; }).error().message;
  }
  std::string seen() {
    std::ifstream file(dir_ / "seen");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const tests::TempDir dir_;
};

TEST_F(BenchPeerTest, PassesTheCaseAndReadsTheRates) {
  const BenchPeer fake = peer(
      "echo \"$*\" > \"$(dirname $0)/seen\"; echo noise >&2; echo '" + std::string(kRows) + "'", " -fa 1");
  const auto rates = fake.run("m.gguf", kCase, 2, [] { return true; }).value();
  EXPECT_EQ(rates.prefill_tokens_per_second, 95.5);
  EXPECT_EQ(rates.decode_tokens_per_second, 12);
  EXPECT_EQ(fake.name(), "fake-bench");
  EXPECT_EQ(seen(), "-fa 1 -m m.gguf -p 512 -n 64 -t 2 -r 1 -o json\n");
}

TEST_F(BenchPeerTest, AsksForADepthOnlyWhereThereIsOne) {
  engine::BenchCase deep = kCase;
  deep.depth_tokens = 4096;
  const BenchPeer fake = peer("echo \"$*\" > \"$(dirname $0)/seen\"; echo '" + std::string(kRows) + "'");
  ASSERT_TRUE(fake.run("m.gguf", deep, 1, [] { return true; }));
  EXPECT_EQ(seen(), "-m m.gguf -p 512 -n 64 -t 1 -r 1 -o json -d 4096\n");
}

TEST_F(BenchPeerTest, WantsNoDecodeRowWhereNothingIsGenerated) {
  engine::BenchCase prompt_only = kCase;
  prompt_only.generate_tokens = 0;
  const auto rates = peer(R"(echo '[{"n_prompt": 512, "n_gen": 0, "avg_ts": 3}]')")
                         .run("m.gguf", prompt_only, 1, [] { return true; })
                         .value();
  EXPECT_EQ(rates.prefill_tokens_per_second, 3);
  EXPECT_EQ(rates.decode_tokens_per_second, 0);
}

TEST_F(BenchPeerTest, SaysWhatBecameOfThePeer) {
  EXPECT_EQ(complaint("echo usage; echo 'error: failed to load model' >&2; echo bye >&2; exit 1"),
            "the peer 'fake-bench' failed with status 1: error: failed to load model");
  EXPECT_EQ(complaint("kill -4 $$"), "the peer 'fake-bench' was ended by signal 4 (Illegal instruction)");
  const std::string not_json =
      "the peer 'fake-bench' did not print llama-bench's JSON with n_prompt, n_gen and avg_ts for 512 prompt "
      "and "
      "64 generated tokens";
  EXPECT_EQ(complaint("echo hello"), not_json);
  EXPECT_EQ(complaint("true"), not_json);
  EXPECT_EQ(complaint(R"(echo '{"n_prompt": 512}')"), not_json);
  EXPECT_EQ(complaint(R"(echo '[{"n_prompt": 512, "n_gen": 0, "avg_ts": 3}]')"), not_json);
}

TEST_F(BenchPeerTest, EndsThePeerWhenTold) {
  const auto stopped = peer("exec sleep 100").run("m.gguf", kCase, 2, [] { return false; });
  EXPECT_EQ(stopped.error().code, base::Code::cancelled);
}

TEST_F(BenchPeerTest, IsAProgramThatCanBeRun) {
  const auto complaint_about = [](const std::string& command) {
    return BenchPeer::find(command, {{"PATH", "/usr/bin:/bin"}}).error().message;
  };
  EXPECT_EQ(complaint_about("/nowhere/llama-bench -fa 1"),
            "--compare: there is no program '/nowhere/llama-bench'");
  EXPECT_EQ(complaint_about("no-such-bench"), "--compare: there is no program 'no-such-bench'");
  EXPECT_EQ(complaint_about(dir_.path().native()),
            "--compare: '" + dir_.path().native() + "' is no executable file");
  const auto plain = dir_.write("plain", "text").native();
  EXPECT_EQ(complaint_about(plain), "--compare: '" + plain + "' is no executable file");
  EXPECT_EQ(complaint_about(" "), "--compare is empty, must name a program");
}

TEST_F(BenchPeerTest, APathMayHoldBlanks) {
  const auto path = dir_.write("my bench", "#!/bin/sh\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  EXPECT_EQ(BenchPeer::find(path.native(), {})->name(), "my bench");
}

}  // namespace
}  // namespace apps
