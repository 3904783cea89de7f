#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "model_files/model_file.h"
#include "model_files/safetensors/index.h"
#include "tests/support/tiny_model.h"
#include "tests/temp_dir.h"

namespace model_files::safetensors {
namespace {

namespace fs = std::filesystem;

std::string error_of(const fs::path& path) {
  const auto file = ModelFile::open(path.string());
  if (file) return "";
  EXPECT_TRUE(file.error().message.starts_with(path.native()));
  return file.error().message.substr(path.native().size());
}

TEST(ModelFolder, ReadsOneFileOrManyAlike) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir / "one"));
  ASSERT_TRUE(tests::write_tiny_folder(dir / "many", {.n_shards = 4}));
  const auto one = ModelFile::open((dir / "one").string()), many = ModelFile::open((dir / "many").string());
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ((*one)->container(), Container::folder);
  EXPECT_EQ((*many)->n_files(), 4u);
  ASSERT_EQ((*one)->tensors().size(), (*many)->tensors().size());
  for (const NamedTensor& tensor : (*one)->tensors())
    EXPECT_TRUE(std::ranges::equal((*many)->find(tensor.name)->bytes, tensor.view.bytes)) << tensor.name;
  EXPECT_EQ((*one)->metadata().find("model_type")->as_string(), "llama");
}

TEST(ModelFolder, ReadsSiblingsByPlainNamesAlone) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir / "m"));
  dir.write("secret", "x");
  const auto file = ModelFile::open((dir / "m").string());
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->read_sibling("tokenizer.json"));
  EXPECT_EQ((*file)->read_sibling("chat_template.jinja").error().code, base::Code::not_found);
  EXPECT_EQ((*file)->read_sibling("../secret").error().code, base::Code::invalid_argument);
  EXPECT_FALSE((*file)->has_sibling("../secret"));
}

TEST(ModelFolder, SaysWhatIsMissing) {
  const tests::TempDir dir;
  fs::create_directory(dir / "m");
  EXPECT_EQ(error_of(dir / "m"), ": there is no 'config.json' in the folder");
  dir.write("m/config.json", "{}");
  EXPECT_EQ(error_of(dir / "m"), ": holds neither model.safetensors nor model.safetensors.index.json");
  dir.write("m/pytorch_model.bin", "");
  EXPECT_NE(error_of(dir / "m").find("convert it to safetensors"), std::string::npos);
  dir.write("m/config.json", "{\"a\":1,\"a\":2}");
  EXPECT_NE(error_of(dir / "m").find("config.json"), std::string::npos);
}

TEST(ModelFolder, LinksMayNotLeadOut) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir / "m"));
  fs::rename(dir / "m/model.safetensors", dir / "outside");
  fs::create_symlink(dir / "outside", dir / "m/model.safetensors");
  EXPECT_EQ(error_of(dir / "m"),
            ": 'model.safetensors' is a link that leads out of the folder: put the file itself there");
  fs::remove(dir / "m/model.safetensors");
  fs::rename(dir / "outside", dir / "m/weights");
  fs::create_symlink("weights", dir / "m/model.safetensors");
  EXPECT_EQ(error_of(dir / "m"), "");
}

TEST(ModelFolder, LinksOfADownloadCacheLeadToItsBlobs) {
  const tests::TempDir dir;
  const fs::path snapshot = dir / "models--a--b/snapshots/0123";
  ASSERT_TRUE(tests::write_tiny_folder(snapshot));
  fs::create_directory(dir / "models--a--b/blobs");
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"}) {
    fs::rename(snapshot / name, dir / "models--a--b/blobs" / name);
    fs::create_symlink(fs::path("../../blobs") / name, snapshot / name);
  }
  EXPECT_EQ(error_of(snapshot), "");
  fs::remove(snapshot / "tokenizer.json");
  fs::create_symlink("../../refs", snapshot / "tokenizer.json");
  dir.write("models--a--b/refs", "");
  const auto file = ModelFile::open(snapshot.string());
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->read_sibling("tokenizer.json").error().code, base::Code::permission_denied);
}

TEST(ModelFolder, APipeIsNotWaitedFor) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir / "m"));
  fs::remove(dir / "m/model.safetensors");
  ASSERT_EQ(::mkfifo((dir / "m/model.safetensors").c_str(), 0600), 0);
  EXPECT_NE(error_of(dir / "m").find("is not a regular file"), std::string::npos);
}

TEST(ModelFolder, TensorsThatNoIndexListsAreRemarkedOn) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir / "m", {.n_shards = 2}));
  std::string index = tests::read_text(dir / "m/model.safetensors.index.json");
  const size_t line = index.find("    \"model.norm.weight\"");
  ASSERT_NE(line, std::string::npos);
  const size_t comma = index.rfind(',', line);
  index.erase(comma, index.find('\n', line) - comma);
  dir.write("m/model.safetensors.index.json", index);
  const auto file = ModelFile::open((dir / "m").string());
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ((*file)->remarks().size(), 1u);
  EXPECT_NE((*file)->remarks()[0].find("'model.norm.weight'"), std::string::npos) << (*file)->remarks()[0];
}

TEST(SafetensorsIndex, FileNamesArePlainNames) {
  for (const char* bad : {"", ".", "..", "../x.safetensors", "/x.safetensors", "a\\\\x.safetensors",
                          "C:x.safetensors", "x.bin", "a\\u0000.safetensors", "https://x.safetensors"})
    EXPECT_FALSE(parse_index(std::string(R"({"weight_map":{"t":")") + bad + "\"}}")) << bad;
  EXPECT_EQ(parse_index(R"({"weight_map":{"t":"x.safetensors"}})").value()[0].file, "x.safetensors");
}

}  // namespace
}  // namespace model_files::safetensors
