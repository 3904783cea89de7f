// Every file of golden/hostile that a container's reader alone must judge, and the folders and split models
// whose fault lies in the container.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/strings.h"
#include "model_files/describe.h"
#include "model_files/model_file.h"
#include "tests/golden.h"
#include "tests/temp_dir.h"

namespace model_files {
namespace {

namespace fs = std::filesystem;

struct Case {
  base::Json json;
  std::string text(std::string_view key) const {
    const base::Json* value = json.find(key);
    return value != nullptr && value->is_string() ? value->as_string() : "";
  }
};

std::vector<Case> cases(const fs::path& dir, const std::set<std::string>& kinds) {
  std::vector<Case> out;
  std::ifstream manifest(dir / "manifest.jsonl");
  for (std::string line; std::getline(manifest, line);) {
    Case c{base::Json::parse(line).value()};
    if (kinds.contains(c.text("kind"))) out.push_back(std::move(c));
  }
  return out;
}

// Opens and describes, as `show` does; the error must be one printable line.
std::string outcome(const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  const auto file = ModelFile::open(path);
  if (file) to_text(describe(**file));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << path;
  if (file) return "accept";
  for (unsigned char c : file.error().message) EXPECT_TRUE(c >= 0x20 && c != 0x7F) << path;
  return "reject: " + file.error().message;
}

void expect_outcome(const Case& c, const std::string& got) {
  const std::string expected = c.text("expect");
  EXPECT_TRUE(expected == "any" || got.starts_with(expected))
      << c.text("file") << " (" << c.text("why") << "): expected " << expected << ", got " << got;
}

TEST(HostileFiles, ContainersAreJudgedAsTheManifestSays) {
  const auto dir = GOLDEN_OR_SKIP("hostile");
  int n = 0;
  for (const Case& c : cases(dir, {"gguf", "safetensors"})) {
    const std::string got = outcome((dir / c.text("file")).string());
    // What only a model's loader can judge must at least not be refused wrongly here.
    if (c.text("level") != "container" && c.text("expect") == "reject") continue;
    expect_outcome(c, got);
    ++n;
  }
  EXPECT_GT(n, 150);
}

TEST(HostileFiles, SplitModelsAreJudgedAsTheManifestSays) {
  const auto dir = GOLDEN_OR_SKIP("hostile");
  int n = 0;
  for (const Case& c : cases(dir, {"gguf-split"})) {
    expect_outcome(c, outcome((dir / c.text("file") / c.text("open")).string()));
    ++n;
  }
  EXPECT_EQ(n, 13);
}

// Folders whose fault no hyper-parameter, shape or tokenizer is needed to see.
bool is_fault_of_the_container(const std::string& file) {
  static const std::set<std::string> kOfConfig = {
      "config/eps-nan",       "config/eps-infinity", "config/eps-1e999", "config/eps-minus-infinity",
      "config/duplicate-key", "config/deep",         "config/comments",  "config/bad-utf8"};
  return file.starts_with("index/") || file == "hf/weights-missing" || file == "hf/weights-only-bin" ||
         kOfConfig.contains(file);
}

// Copies the files of a folder over those of another.
void copy_files(const fs::path& from, const fs::path& to) {
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    fs::remove(to / entry.path().filename());  // the copy of a read-only file cannot be written over
    fs::copy_file(entry.path(), to / entry.path().filename());
  }
}

void lay_out(const fs::path& dir, const Case& c, const fs::path& to) {
  if (const std::string base = c.text("base"); !base.empty()) copy_files(dir / base, to);
  if (const base::Json* removed = c.json.find("remove"))
    for (const base::Json& name : removed->as_array()) fs::remove(to / name.as_string());
  copy_files(dir / c.text("file"), to);
}

TEST(HostileFiles, FoldersAreJudgedAsTheManifestSays) {
  const auto dir = GOLDEN_OR_SKIP("hostile");
  int n_rejected = 0;
  for (const Case& c : cases(dir, {"hf-folder"})) {
    const tests::TempDir folder;
    lay_out(dir, c, folder.path());
    const std::string got = outcome(folder.path().string());
    if (c.text("expect") == "reject" && !is_fault_of_the_container(c.text("file"))) continue;
    expect_outcome(c, got);
    n_rejected += c.text("expect") == "reject";
  }
  EXPECT_GT(n_rejected, 20);
}

}  // namespace
}  // namespace model_files
