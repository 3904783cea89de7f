#include "model_files/model_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "model_files/gguf/metadata.h"
#include "tests/support/tiny_model.h"
#include "tests/temp_dir.h"

namespace model_files {
namespace {

std::string error_of(const std::filesystem::path& path) {
  const auto file = ModelFile::open(path.string());
  return file ? "" : file.error().message;
}

TEST(ModelFile, IsToldByItsContent) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "no-suffix"));
  EXPECT_EQ(ModelFile::open((dir / "no-suffix").string()).value()->container(), Container::gguf);
  std::filesystem::rename(dir / "no-suffix", dir / "m.safetensors");
  EXPECT_NE(error_of(dir / "m.safetensors").find("holds GGUF"), std::string::npos);
}

TEST(ModelFile, StrangersAreNamed) {
  const tests::TempDir dir;
  auto error = [&](std::string_view content) { return error_of(dir.write("m.gguf", content)); };
  EXPECT_TRUE(error("").ends_with("is an empty file"));
  EXPECT_TRUE(error("version https://git-lfs.github.com/spec/v1\n").ends_with("fetch the file itself"));
  EXPECT_TRUE(error("<!DOCTYPE html>").ends_with("is a web page, not a model"));
  EXPECT_TRUE(error("PK\x03\x04zip").ends_with("convert it to safetensors"));
  EXPECT_NE(error("GGUX\x1b[2J").find("starts with 'GGUX'"), std::string::npos);
  EXPECT_NE(error_of(dir / "nothing").find("nothing"), std::string::npos);
  EXPECT_EQ(ModelFile::open((dir / "nothing").string()).error().code, base::Code::not_found);
}

TEST(ModelFile, SeesThatAFileWasCutWhileItWasOpen) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "m.gguf"));
  const auto file = ModelFile::open((dir / "m.gguf").string());
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->check_unchanged());
  std::filesystem::resize_file(dir / "m.gguf", 100);
  EXPECT_EQ((*file)->check_unchanged().error().code, base::Code::corrupt);
}

TEST(ModelFile, DroppedPagesAreReadAgain) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "m.gguf"));
  const auto file = ModelFile::open((dir / "m.gguf").string());
  ASSERT_TRUE(file);
  const base::Bytes bytes = (*file)->find("token_embd.weight")->bytes;
  const std::vector<std::byte> before(bytes.begin(), bytes.end());
  (*file)->drop_pages(bytes);
  EXPECT_TRUE(std::ranges::equal(bytes, before));
}

TEST(ModelFile, LongArraysAreLeftOutOfTheJson) {
  const tests::TempDir dir;
  ASSERT_TRUE(
      tests::write_tiny_gguf(dir / "m.gguf", {.vocab_size = static_cast<int64_t>(kMaxInlineArray) + 1}));
  const auto file = ModelFile::open((dir / "m.gguf").string());
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->metadata().find("tokenizer.ggml.tokens"), nullptr);
  EXPECT_EQ((*file)->gguf()->strings("tokenizer.ggml.tokens")->size(), kMaxInlineArray + 1);
  EXPECT_TRUE((*file)->metadata().find("tokenizer.ggml.merges")->is_array());
}

// A file of 100 GB that is all hole: opening it reads the header alone.
TEST(ModelFile, OpeningDoesNotReadTheWeights) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "m.gguf"));
  std::error_code too_large;
  std::filesystem::resize_file(dir / "m.gguf", uint64_t{100} << 30, too_large);
  if (too_large) GTEST_SKIP() << "this file system takes no file of 100 GiB";
  const auto file = ModelFile::open((dir / "m.gguf").string());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->file_bytes(), uint64_t{100} << 30);
}

}  // namespace
}  // namespace model_files
