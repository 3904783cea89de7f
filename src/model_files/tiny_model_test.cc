// The models that other tests are made of must be well-formed, and the same in both containers.
#include "tests/support/tiny_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/sha256.h"
#include "model_files/gguf/metadata.h"
#include "model_files/model_file.h"
#include "tensor/dequantize.h"
#include "tests/temp_dir.h"

namespace model_files {
namespace {

std::unique_ptr<ModelFile> opened(const std::filesystem::path& path) {
  auto file = ModelFile::open(path.string());
  if (!file) ADD_FAILURE() << file.error().message;
  return file ? *std::move(file) : nullptr;
}

std::vector<float> values(const ModelFile& file, const std::string& name) {
  const tensor::TensorView* view = file.find(name);
  if (view == nullptr) {
    ADD_FAILURE() << name << " is missing";
    return {};
  }
  std::vector<float> out(tensor::element_count(view->shape));
  const uint64_t row_bytes = tensor::row_bytes(view->dtype, view->n_columns());
  for (int64_t row = 0; row < view->n_rows(); ++row)
    tensor::dequantize_row(view->dtype, view->bytes.data() + row * row_bytes, view->n_columns(),
                           out.data() + row * view->n_columns());
  return out;
}

TEST(TinyModel, HoldsTheSameWeightsInBothContainers) {
  const tests::TempDir dir;
  for (const char* architecture : {"llama", "qwen2", "qwen3"}) {
    const tests::TinyModelOptions options{.architecture = architecture, .tied = false};
    ASSERT_TRUE(tests::write_tiny_gguf(dir / "a.gguf", options));
    ASSERT_TRUE(tests::write_tiny_folder(dir / architecture, options));
    const auto gguf = opened(dir / "a.gguf"), folder = opened(dir / architecture);
    ASSERT_EQ(gguf->tensors().size(), folder->tensors().size());
    EXPECT_EQ(values(*gguf, "output.weight"), values(*folder, "lm_head.weight"));
    EXPECT_EQ(values(*gguf, "blk.1.ffn_down.weight"), values(*folder, "model.layers.1.mlp.down_proj.weight"));
    EXPECT_EQ(
        values(*gguf, "blk.0.attn_k.weight") == values(*folder, "model.layers.0.self_attn.k_proj.weight"),
        std::string_view(architecture) != "llama");
    EXPECT_EQ(gguf->n_parameters(), folder->n_parameters());
  }
}

TEST(TinyModel, LlamaRowsOfQueriesAreInterleavedInGguf) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "a.gguf"));
  ASSERT_TRUE(tests::write_tiny_folder(dir / "a"));
  const auto q_gguf = values(*opened(dir / "a.gguf"), "blk.0.attn_q.weight");
  const auto q_folder = values(*opened(dir / "a"), "model.layers.0.self_attn.q_proj.weight");
  // Second head, rows 3 and 11 of 16 (elements 3 of both halves) become rows 6 and 7.
  EXPECT_EQ(q_gguf[(16 + 6) * 64], q_folder[(16 + 3) * 64]);
  EXPECT_EQ(q_gguf[(16 + 7) * 64], q_folder[(16 + 11) * 64]);
}

TEST(TinyModel, IsWrittenInEveryTypeThatCanBeComputedWith) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "f32.gguf", tests::TinyModelOptions::of_type(tensor::DType::F32)));
  const auto exact = values(*opened(dir / "f32.gguf"), "blk.0.ffn_up.weight");
  for (int i = 0; i < tensor::kDTypeCount; ++i) {
    const auto type = static_cast<tensor::DType>(i);
    if (!tensor::can_dequantize(type)) continue;
    ASSERT_TRUE(tests::write_tiny_gguf(dir / "q.gguf", tests::TinyModelOptions::of_type(type)));
    const auto file = opened(dir / "q.gguf");
    EXPECT_EQ(file->find("blk.0.ffn_up.weight")->dtype, type);
    const auto rounded = values(*file, "blk.0.ffn_up.weight");
    const double bound = type == tensor::DType::MXFP4 ? 0.06 : 0.03;  // there is nothing between 4 and 6
    for (size_t j = 0; j < exact.size(); ++j) ASSERT_NEAR(rounded[j], exact[j], bound) << tensor::name(type);
  }
}

TEST(TinyModel, VocabularyAndTemplateAreInBothContainers) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "a.gguf", {.vocab_size = 320}));
  ASSERT_TRUE(tests::write_tiny_folder(dir / "a", {.vocab_size = 320, .n_shards = 3}));
  const auto gguf = opened(dir / "a.gguf"), folder = opened(dir / "a");
  const tests::TinyVocabulary& v = tests::tiny_vocabulary();
  const auto tokens = gguf->gguf()->strings("tokenizer.ggml.tokens").value();
  ASSERT_EQ(tokens.size(), 320u);
  EXPECT_EQ(tokens[v.im_start], "<|im_start|>");
  EXPECT_EQ(gguf->gguf()->text_or_empty("tokenizer.chat_template"), tests::kTinyChatTemplate);
  const auto json = base::Json::parse(folder->read_sibling("tokenizer.json").value()).value();
  EXPECT_EQ(json.find("model")->find("vocab")->as_object().size(), static_cast<size_t>(v.end_of_text));
  const auto config = base::Json::parse(folder->read_sibling("tokenizer_config.json").value()).value();
  EXPECT_EQ(config.find("chat_template")->as_string(), tests::kTinyChatTemplate);
  EXPECT_EQ(folder->n_files(), 3u);
  EXPECT_TRUE(folder->remarks().empty());
}

TEST(TinyModel, IsTheSameOnEveryMachine) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_gguf(dir / "a.gguf"));
  const auto file = opened(dir / "a.gguf");
  EXPECT_EQ(base::sha256_hex(file->find("blk.1.ffn_up.weight")->bytes),
            "c0663e7864b125511953667e25da1a78bf3e1e20e40970dfaf2f956f0c9b79cb");
}

}  // namespace
}  // namespace model_files
