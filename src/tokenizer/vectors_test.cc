// Recorded ids, texts and pieces of the reference: the small tokenizers that lie in this repository, and the
// large sets of golden/tokenizers where they and their vocabularies are found.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/golden.h"
#include "tests/support/tokenizer_vectors.h"
#include "tokenizer/tokenizer.h"

namespace {

using tokenizer::Tokenizer;

std::unique_ptr<Tokenizer> load(const std::filesystem::path& path) {
  auto loaded = Tokenizer::from_tokenizer_json(tests::read_text(path));
  EXPECT_TRUE(loaded) << path << ": " << (loaded ? "" : loaded.error().message);
  return loaded ? std::move(*loaded) : nullptr;
}

class SmallVectors : public testing::TestWithParam<const char*> {};

TEST_P(SmallVectors, AreAsRecorded) {
  const auto dir = std::filesystem::path(DOMICILE_SOURCE_DIR) / "tests/data/tokenizers" / GetParam();
  const auto tokenizer = load(dir / "tokenizer.json");
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_GT(tests::check_vectors(*tokenizer, dir), 100u);
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, SmallVectors,
                         testing::Values("small-gpt2", "small-llama3", "small-qwen2"),
                         [](const auto& info) { return std::string(info.param).substr(6); });

// Where fetched vocabularies lie: DOMICILE_TOKENIZERS, or build/tokenizers in the checkout.
std::filesystem::path fetched(const std::string& name) {
  const char* given = std::getenv("DOMICILE_TOKENIZERS");
  const std::filesystem::path root =
      given != nullptr ? given : std::filesystem::path(DOMICILE_SOURCE_DIR) / "build/tokenizers";
  return root / name / "tokenizer.json";
}

class GoldenVectors : public testing::TestWithParam<const char*> {};

TEST_P(GoldenVectors, AreAsRecorded) {
  const std::string name = GetParam();
  const auto dir = GOLDEN_OR_SKIP("tokenizers") / name;
  const auto own = dir / "tokenizer.json";
  const auto path = std::filesystem::exists(own) ? own : fetched(name);
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the vocabulary of '" << name << "' is not at " << path;
  const auto tokenizer = load(path);
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_GT(tests::check_vectors(*tokenizer, dir), 500u);
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, GoldenVectors,
                         testing::Values("small-gpt2", "small-llama3", "small-qwen2", "small-deepseek",
                                         "small-gpt4o", "qwen3", "llama3_1", "deepseek_v3", "deepseek_v4",
                                         "gptoss", "gpt4o", "qwen3_5"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           std::erase(name, '_');
                           return name;
                         });

}  // namespace
