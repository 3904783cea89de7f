#pragma once
// tokenizer.* metadata of a GGUF file, checked for type, length and range.
#include <optional>
#include <string>

#include "base/result.h"
#include "model_files/model_file.h"
#include "tokenizer/tokenizer.h"

namespace loading {

struct GgufText {
  std::optional<tokenizer::GgufVocabulary> vocabulary;  // absent: `problem` says why
  std::string problem;  // a kind of vocabulary that this build does not read yet
  std::optional<tokenizer::TokenId> eos;
  std::optional<std::string> chat_template;
};
base::Result<GgufText> read_gguf_text(const model_files::ModelFile& file);

}  // namespace loading
