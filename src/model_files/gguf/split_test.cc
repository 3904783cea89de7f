#include "model_files/gguf/split.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "model_files/gguf/writer.h"
#include "model_files/model_file.h"
#include "tests/temp_dir.h"

namespace model_files::gguf {
namespace {

TEST(SplitName, IsTakenApartAndPutTogether) {
  const auto name = SplitName::parse("/m/big-v2-00002-of-00012.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->prefix, "/m/big-v2");
  EXPECT_EQ(name->number, 1);
  EXPECT_EQ(name->count, 12);
  EXPECT_EQ(name->part(11), "/m/big-v2-00012-of-00012.gguf");
}

TEST(SplitName, OtherNamesAreNone) {
  for (const char* path :
       {"model.gguf", "-00001-of-00002.gguf", "m-00001-of-00002.safetensors", "m-0001-of-0002.gguf",
        "m-00003-of-00002.gguf", "m-00000-of-00002.gguf", "m-+0001-of-00002.gguf", "m-00001-of-00002"})
    EXPECT_FALSE(SplitName::parse(path)) << path;
}

// Writes part `number` of `count` with one tensor of that name.
void write_part(const std::filesystem::path& path, uint32_t number, uint32_t count, const std::string& tensor,
                uint32_t n_tensors = 2) {
  MetadataBuilder metadata;
  metadata.set_u32("split.no", number);
  metadata.set_u32("split.count", count);
  metadata.set_u32("split.tensors.count", n_tensors);
  auto writer = Writer::create(path, metadata, {{tensor, tensor::DType::F32, {1}}});
  ASSERT_TRUE(writer);
  const float value = static_cast<float>(number);
  ASSERT_TRUE(writer->append({reinterpret_cast<const std::byte*>(&value), sizeof value}));
  ASSERT_TRUE(writer->finish());
}

std::string error_of(const std::filesystem::path& path) {
  const auto file = ModelFile::open(path.string());
  if (file) return "";
  return file.error().message.substr(path.native().size());
}

TEST(SplitModel, JoinsItsParts) {
  const tests::TempDir dir;
  write_part(dir / "m-00001-of-00002.gguf", 0, 2, "a");
  write_part(dir / "m-00002-of-00002.gguf", 1, 2, "b");
  const auto file = ModelFile::open((dir / "m-00001-of-00002.gguf").string());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->n_files(), 2u);
  EXPECT_EQ(base::load_le<float>((*file)->find("b")->bytes.data()), 1.0f);
  EXPECT_TRUE((*file)->check_unchanged());
}

TEST(SplitModel, SaysWhichPartIsWrong) {
  const tests::TempDir dir;
  const auto first = dir / "m-00001-of-00002.gguf", second = dir / "m-00002-of-00002.gguf";
  write_part(first, 0, 2, "a");
  EXPECT_NE(error_of(first).find("m-00002-of-00002.gguf"), std::string::npos) << error_of(first);
  write_part(second, 0, 2, "b");
  EXPECT_EQ(error_of(first), ": part 2 of 2: says that it is part 1 of 2");
  write_part(second, 1, 2, "a");
  EXPECT_EQ(error_of(first), ": two tensors are named 'a'");
  write_part(second, 1, 2, "b");
  EXPECT_EQ(error_of(second), ": is part 2 of 2: open the first part, 'm-00001-of-00002.gguf'");
  write_part(first, 0, 2, "a", /*n_tensors=*/3);
  EXPECT_EQ(error_of(first), ": split.tensors.count is 3, but there are 2");
  std::filesystem::rename(first, dir / "m.gguf");
  EXPECT_NE(error_of(dir / "m.gguf").find("give it its name back"), std::string::npos);
}

}  // namespace
}  // namespace model_files::gguf
