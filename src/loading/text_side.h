#pragma once
// The text half of a model: tokenizer, chat template, and the tokens that begin and end things.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/template.h"
#include "model_files/model_file.h"
#include "tokenizer/tokenizer.h"

namespace loading {

using TokenId = int32_t;

struct TextSide {
  std::unique_ptr<tokenizer::Tokenizer> tokenizer;  // null: `tokenizer_problem` says why; ids still work
  std::string tokenizer_problem;
  std::optional<chat::Template> chat_template;  // absent with an empty `template_problem`: the model has none
  std::string template_problem;  // a template that does not parse fails when a chat is rendered
  std::string template_source;
  base::Json template_variables = base::Json::Object{};  // bos_token, eos_token, ...: texts
  std::optional<TokenId> bos;
  // tokenizer_config.json's add_bos_token: true puts bos before plain text, false keeps the post-processor
  // from it. Absent: the post-processor alone decides.
  std::optional<bool> add_bos;
  std::vector<TokenId> end_tokens;  // of the tokenizer: eos, eot, eom

  // Ids of a plain text as this model usually gets it.
  // REQUIRES: tokenizer is set.
  std::vector<TokenId> encode_plain(std::string_view text) const;
};

// From an open model. Ids that the metadata names must lie below its vocabulary's size.
base::Result<TextSide> read_text_side(const model_files::ModelFile& file);

// From a path that need not hold weights: a folder, a GGUF (vocabulary alone is enough), or a bare
// tokenizer.json, which then decides ids and decoding alone; a tokenizer_config.json beside it gives the chat
// template and the texts of bos and eos.
base::Result<TextSide> load_text_side(const std::string& path);

// Puts `source` in the template's place. Fails if it does not parse.
base::Status replace_template(TextSide& side, std::string source);

}  // namespace loading
