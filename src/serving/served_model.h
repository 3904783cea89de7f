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
#include "serving/answer_memory.h"
#include "serving/model_facts.h"
#include "serving/sampling_choices.h"
#include "tokenizer/tokenizer.h"

namespace serving {

using TokenId = int32_t;

// What an alias brings to the requests that say nothing of it.
struct Presets {
  std::string parent;             // id of the model that answers; empty: this is no alias
  base::Json messages;            // array or null: before those of a chat, as the template shall see them;
                                  // a system message among them gives way to one of the request
  std::vector<std::string> stop;  // for requests without stop strings
  std::optional<int64_t> max_tokens;  // for requests without a limit
  base::Json parameters;              // object or null: as they were given, to be shown
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
  std::string template_source;
  base::Json template_variables = base::Json::Object{};  // bos_token, eos_token, ...
  engine::Engine* engine = nullptr;
  SamplingChoices defaults;       // generation_config.json
  std::vector<TokenId> stop_ids;  // any of them ends an answer
  int64_t n_ids = 0;              // prompts hold ids below this
  // Ids of a plain text as this model usually gets it (BOS). Empty: the tokenizer's post-processor decides.
  std::function<std::vector<TokenId>(std::string_view)> encode_plain;
  ModelFacts facts;
  const base::Json* metadata = nullptr;  // of its file; null: none
  Presets presets;
  std::shared_ptr<AnswerMemory> answers;  // null: nothing is remembered
  // Tokens per second that the machine's reading rate, measured now, allows one answer at depth 0; takes some
  // tenths of a second of all threads. Empty, or nothing: not known.
  std::function<std::optional<double>()> measure_decode_limit;
  std::shared_ptr<const void> owner;
};

}  // namespace serving
