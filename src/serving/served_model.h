#pragma once
// A loaded model under the name that clients call it by, with everything one inference needs.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chat/template.h"
#include "engine/engine.h"
#include "tokenizer/tokenizer.h"

namespace serving {

using TokenId = int32_t;

// Sampling parameters that may be left open. What a request leaves open the model's own defaults fill,
// then 1.0 / off.
struct SamplingChoices {
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
};

// Borrows tokenizer, template and engine, which `owner` (if set) keeps alive. Immutable once shared.
struct ServedModel {
  std::string id;
  int64_t created = 0;  // Unix time in seconds
  // Null: the file has none that we can use (`tokenizer_problem`); token ids still work, answers have no
  // text.
  const tokenizer::Tokenizer* tokenizer = nullptr;
  std::string tokenizer_problem;
  const chat::Template* chat_template = nullptr;  // null: the model has none, or one that does not parse
  std::string template_problem;                   // of the latter
  base::Json template_variables = base::Json::Object{};  // bos_token, eos_token, ...
  engine::Engine* engine = nullptr;
  SamplingChoices defaults;       // generation_config.json
  std::vector<TokenId> stop_ids;  // any of them ends an answer
  int64_t n_ids = 0;              // prompts hold ids below this
  // Ids of a plain text as this model usually gets it (BOS). Empty: the tokenizer's post-processor decides.
  std::function<std::vector<TokenId>(std::string_view)> encode_plain;
  std::shared_ptr<void> owner;
};

}  // namespace serving
