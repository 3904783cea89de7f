#include "model_files/gguf/writer.h"

#include <gtest/gtest.h>

#include "model_files/model_file.h"
#include "tests/temp_dir.h"

namespace model_files::gguf {
namespace {

TEST(GgufWriter, WritesWhatTheReaderReads) {
  const tests::TempDir dir;
  const std::vector<std::string> words = {"a", "Ġb"};
  MetadataBuilder metadata;
  metadata.set_string("general.architecture", "llama");
  metadata.set_u64("big", uint64_t{1} << 40);
  metadata.set_f32s("floats", std::vector<float>{1.5f});
  metadata.set_strings("words", words);
  auto writer = Writer::create(dir / "m.gguf", metadata,
                               {{"q", tensor::DType::Q8_0, {2, 32}}, {"v", tensor::DType::F32, {2}}});
  ASSERT_TRUE(writer);
  const std::vector<std::byte> rows(68, std::byte{3});
  const float values[2] = {1, -2};
  ASSERT_TRUE(writer->append(base::Bytes(rows).first(34)));
  ASSERT_TRUE(writer->append(base::Bytes(rows).last(34)));
  ASSERT_TRUE(writer->append(std::as_bytes(std::span(values))));
  EXPECT_FALSE(std::filesystem::exists(dir / "m.gguf"));  // it appears whole or not at all
  ASSERT_TRUE(writer->finish());

  const auto file = ModelFile::open((dir / "m.gguf").string());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->metadata().find("big")->as_integer(), int64_t{1} << 40);
  EXPECT_EQ((*file)->gguf()->strings("words").value()[1], "Ġb");
  EXPECT_EQ((*file)->gguf()->floats("floats").value()[0], 1.5f);
  EXPECT_EQ((*file)->find("q")->shape, (tensor::Shape{2, 32}));
  EXPECT_EQ((*file)->find("q")->bytes[67], std::byte{3});
  EXPECT_EQ(base::load_le<float>((*file)->find("v")->bytes.data() + 4), -2.0f);
}

TEST(GgufWriter, RefusesWhatTheFormatCannotHold) {
  const tests::TempDir dir;
  for (const TensorSpec& spec :
       {TensorSpec{"t", tensor::DType::U8, {4}}, TensorSpec{"t", tensor::DType::Q4_K, {8}},
        TensorSpec{"t", tensor::DType::F32, {}}, TensorSpec{"t", tensor::DType::F32, {0}}})
    EXPECT_FALSE(Writer::create(dir / "m.gguf", {}, {spec}));
  EXPECT_EQ(tests::count_entries(dir.path()), 0u);
}

}  // namespace
}  // namespace model_files::gguf
