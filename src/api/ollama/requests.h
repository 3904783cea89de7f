#pragma once
// Bodies of POST /api/chat and /api/generate to what serving takes. Pure: no model is asked.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/common/asked.h"
#include "api/common/errors.h"
#include "api/common/messages.h"
#include "base/json.h"
#include "serving/model_directory.h"

namespace api::ollama {

// What both have in common.
struct Common {
  Asked asked;  // `ignored` names fields; a model may still ignore the thinking switch
  std::optional<int64_t> num_ctx;
  bool truncate = true;
  std::optional<serving::KeepAlive> keep_alive;  // open: as long as the model's entry says
};

struct ChatRequest {
  Common common;
  Chat chat;  // without messages: only load the model
};

struct GenerateRequest {
  Common common;
  std::string prompt;  // empty: only load the model
  std::string system;
  bool raw = false;
  std::vector<serving::TokenId> context;
  base::Json variables = base::Json::Object{};  // of the template
};

// REQUIRES: an object.
Parsed<ChatRequest> read_chat_request(const base::Json& body);
Parsed<GenerateRequest> read_generate_request(const base::Json& body);

// What stands in `options`, and in the parameters of an alias. `place` stands before names in errors:
// "options.".
Parsed<Common> read_options(const base::Json& options, const std::string& place);

// An array of messages as a template shall see them; failures go to `reader`.
base::Json read_messages(const base::Json& messages, FieldReader& reader, std::vector<std::string>& ignored);

// "system" and a text as a message.
base::Json message(std::string_view role, std::string content);

}  // namespace api::ollama
