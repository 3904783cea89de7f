#pragma once
// Bodies of POST /v1/chat/completions and /v1/completions to what serving takes. Pure: no model is asked.
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/openai/errors.h"
#include "base/json.h"
#include "serving/generation.h"

namespace api::openai {

template <class T>
using Parsed = std::expected<T, ApiError>;

// What both have in common.
struct Common {
  std::string model;
  serving::GenerationOptions options;  // but for the seed
  std::optional<uint64_t> seed;
  bool stream = false;
  bool include_usage = false;
  std::vector<std::string> ignored;  // for x-ignored-fields
};

struct ChatRequest {
  Common common;
  base::Json messages;   // as the template shall see them
  base::Json variables;  // object: of the template
};

struct CompletionRequest {
  Common common;
  using Prompt = std::variant<std::string, std::vector<serving::TokenId>>;
  std::vector<Prompt> prompts;  // at least one
};

Parsed<base::Json> parse_body(std::string_view text);
Parsed<ChatRequest> read_chat_request(const base::Json& body);
Parsed<CompletionRequest> read_completion_request(const base::Json& body);

}  // namespace api::openai
