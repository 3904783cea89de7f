#pragma once
// Bodies of POST /v1/chat/completions and /v1/completions to what serving takes. Pure: no model is asked.
#include <string>
#include <variant>
#include <vector>

#include "api/common/asked.h"
#include "api/common/errors.h"
#include "api/common/messages.h"
#include "base/json.h"

namespace api::openai {

// What both have in common.
struct Common : Asked {
  bool include_usage = false;
  int64_t n = 1;  // choices per prompt
};

struct ChatRequest {
  Common common;
  Chat chat;
};

struct CompletionRequest {
  Common common;
  using Prompt = std::variant<std::string, std::vector<serving::TokenId>>;
  std::vector<Prompt> prompts;  // at least one
  bool echo = false;
  int64_t best_of = 1;  // at least n: so many are made for each prompt
};

// REQUIRES: an object.
Parsed<ChatRequest> read_chat_request(const base::Json& body);
Parsed<CompletionRequest> read_completion_request(const base::Json& body);

}  // namespace api::openai
