#pragma once
// A loaded model under the name that clients call it by, with everything one inference needs.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
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
  const tokenizer::Tokenizer* tokenizer = nullptr;
  const chat::Template* chat_template = nullptr;  // null: the model has none
  base::Json template_variables;                  // object: bos_token, eos_token, ...
  engine::Engine* engine = nullptr;
  SamplingChoices defaults;              // generation_config.json
  std::vector<TokenId> stop_ids;         // any of them ends an answer
  std::optional<TokenId> prepended_bos;  // put before plain text that does not begin with it already
  std::shared_ptr<void> owner;
};

}  // namespace serving
