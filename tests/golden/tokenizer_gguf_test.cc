// The vocabulary inside SmolLM2's GGUF file, as the reader of such files hands it to the tokenizer.
#include <gtest/gtest.h>

#include <cstdlib>

#include "loading/gguf_text.h"
#include "model_files/model_file.h"
#include "tests/golden.h"
#include "tests/support/tokenizer_vectors.h"

namespace {

TEST(SmolLM2Vocabulary, GivesTheRecordedIdsAndTexts) {
  const auto vectors = GOLDEN_OR_SKIP("tokenizers") / "smollm2-gguf";
  const char* given = std::getenv("DOMICILE_TOKENIZERS");
  const auto path = (given != nullptr ? std::filesystem::path(given)
                                      : std::filesystem::path(DOMICILE_SOURCE_DIR) / "build/tokenizers") /
                    "smollm2-gguf/model.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the vocabulary of 'smollm2-gguf' is not at " << path;
  const auto file = model_files::ModelFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto text = loading::read_gguf_text(**file);
  ASSERT_TRUE(text) << text.error().message;
  ASSERT_TRUE(text->vocabulary) << text->problem;
  const auto loaded = tokenizer::Tokenizer::from_gguf(*text->vocabulary);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_GT(tests::check_vectors(**loaded, vectors), 1000u);
  EXPECT_EQ((*loaded)->end_tokens().front(), (*loaded)->find_token("<|im_end|>"));
}

}  // namespace
