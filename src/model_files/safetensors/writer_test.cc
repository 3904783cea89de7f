#include "model_files/safetensors/writer.h"

#include <gtest/gtest.h>

#include "model_files/model_file.h"
#include "tests/temp_dir.h"

namespace model_files::safetensors {
namespace {

TEST(SafetensorsWriter, StreamsATensorInAnyCut) {
  const tests::TempDir dir;
  auto writer = Writer::create(dir / "l.safetensors",
                               {{"logits", tensor::DType::F32, {2, 3}}, {"empty", tensor::DType::U8, {0}}},
                               {{"made by", "a \"test\"\n"}});
  ASSERT_TRUE(writer);
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const base::Bytes bytes = std::as_bytes(std::span(values));
  for (auto [begin, size] : {std::pair{0, 1}, {1, 12}, {13, 11}})
    ASSERT_TRUE(writer->append(bytes.subspan(begin, size)));
  EXPECT_FALSE(std::filesystem::exists(dir / "l.safetensors"));
  ASSERT_TRUE(writer->finish());

  const auto file = ModelFile::open((dir / "l.safetensors").string());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->container(), Container::safetensors_file);
  EXPECT_EQ((*file)->find("logits")->shape, (tensor::Shape{2, 3}));
  EXPECT_TRUE(std::ranges::equal((*file)->find("logits")->bytes, bytes));
  EXPECT_EQ((*file)->find("empty")->bytes.size(), 0u);
  EXPECT_EQ((*file)->metadata().find("made by")->as_string(), "a \"test\"\n");
}

TEST(SafetensorsWriter, DataBeginsAtAMultipleOf64) {
  const tests::TempDir dir;
  for (int n = 1; n < 40; ++n) {
    auto writer = Writer::create(dir / "x", {{std::string(n, 'n'), tensor::DType::U8, {1}}});
    ASSERT_TRUE(writer && writer->append(base::as_bytes("x")) && writer->finish());
    EXPECT_EQ(std::filesystem::file_size(dir / "x") % 64, 1u);
  }
}

TEST(SafetensorsWriter, RefusesTypesThatTheFormatLacks) {
  const tests::TempDir dir;
  EXPECT_FALSE(Writer::create(dir / "x", {{"q", tensor::DType::Q4_0, {32}}}));
  EXPECT_EQ(tests::count_entries(dir.path()), 0u);
}

TEST(SafetensorsWriter, NothingStaysOfAFileThatWasNotFinished) {
  const tests::TempDir dir;
  {
    auto writer = Writer::create(dir / "x", {{"t", tensor::DType::U8, {2}}});
    ASSERT_TRUE(writer && writer->append(base::as_bytes("x")));
  }
  EXPECT_EQ(tests::count_entries(dir.path()), 0u);
}

}  // namespace
}  // namespace model_files::safetensors
