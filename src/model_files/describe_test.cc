#include "model_files/describe.h"

#include <gtest/gtest.h>

#include "model_files/gguf/writer.h"
#include "tests/support/tiny_model.h"
#include "tests/temp_dir.h"

namespace model_files {
namespace {

base::Json described(const std::filesystem::path& path) {
  const auto file = ModelFile::open(path.string());
  if (!file) {
    ADD_FAILURE() << file.error().message;
    return {};
  }
  return describe(**file);
}

TEST(Describe, TellsWhatAGgufFileHolds) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "m.gguf", tests::TinyModelOptions::of_type(tensor::DType::Q4_K)));
  const base::Json d = described(dir / "m.gguf");
  EXPECT_EQ(d.find("container")->as_string(), "GGUF");
  EXPECT_EQ(d.find("version")->as_integer(), 3);
  EXPECT_EQ(d.find("architecture")->as_string(), "llama");
  EXPECT_TRUE(d.find("chat_template")->as_bool());
  EXPECT_EQ(d.find("tokenizer")->find("model")->as_string(), "gpt2");
  EXPECT_EQ(d.find("tokenizer")->find("tokens")->as_integer(), std::ssize(tests::tiny_vocabulary().tokens));
  const auto& types = d.find("tensors")->find("types")->as_array();
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[1].find("type")->as_string(), "Q4_K");
  EXPECT_EQ(types[1].find("count")->as_integer(), 15);
  EXPECT_EQ(d.find("metadata")->find("tokenizer.ggml.tokens")->as_string(), "an array of 293 strings");
  EXPECT_EQ(d.find("metadata")->find("llama.attention.layer_norm_rms_epsilon")->as_double(), 1e-5);
}

TEST(Describe, TellsWhatAFolderHolds) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir / "m", {.architecture = "qwen3", .chat_template = false}));
  base::Json d = described(dir / "m");
  EXPECT_EQ(d.find("container")->as_string(), "safetensors folder");
  EXPECT_TRUE(d.find("version")->is_null());
  EXPECT_EQ(d.find("architecture")->as_string(), "qwen3");
  EXPECT_FALSE(d.find("chat_template")->as_bool());
  EXPECT_EQ(d.find("tokenizer")->find("files")->as_array()[0].as_string(), "tokenizer.json");
  dir.write("m/chat_template.jinja", "{{ messages }}");
  EXPECT_TRUE(described(dir / "m").find("chat_template")->as_bool());
}

TEST(Describe, ControlCharactersOfAFileNeverReachTheTerminal) {
  const tests::TempDir dir;
  gguf::MetadataBuilder metadata;
  metadata.set_string("general.name", "\x1b]0;owned\x07\x9b\r\n");
  metadata.set_string("general.architecture", "llama\x1b[2J");
  metadata.set_string("tokenizer.ggml.model", "\x1b[31m");
  auto writer = gguf::Writer::create(dir / "m.gguf", metadata, {});
  ASSERT_TRUE(writer && writer->finish());
  const base::Json d = described(dir / "m.gguf");
  for (const std::string& text : {to_text(d), d.write()})
    for (unsigned char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c != 0x7F)) << static_cast<int>(c);
  EXPECT_TRUE(base::Json::parse(d.write()));
}

}  // namespace
}  // namespace model_files
