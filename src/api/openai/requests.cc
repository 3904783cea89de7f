#include "api/openai/requests.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "api/common/field_reader.h"
#include "api/common/sampling_fields.h"
#include "api/openai/fields.h"
#include "api/openai/messages.h"
#include "base/strings.h"

namespace api::openai {
namespace {

using base::Json;
using serving::TokenId;

constexpr int64_t kMaxTopLogprobs = 20;
constexpr size_t kMaxPrompts = 128;
constexpr int64_t kMaxChoices = 128;
constexpr int64_t kDefaultCompletionTokens = 16;  // OpenAI's, on this old route

void read_stream(FieldReader& reader, Common& out) {
  out.stream = reader.boolean("stream").value_or(false);
  const Json* options = reader.object("stream_options");
  if (!options) return;
  if (!out.stream) return reader.wrong("stream_options", "needs 'stream' to be true");
  for (const Json::Member& member : options->as_object()) {
    if (member.value.is_null()) continue;
    if (member.key != "include_usage") {
      out.ignored.push_back("stream_options." + member.key);
      continue;
    }
    if (!member.value.is_bool())
      return reader.wrong_type("stream_options.include_usage", "true or false", member.value);
    out.include_usage = member.value.as_bool();
  }
}

void read_common(FieldReader& reader, Common& out) {
  const auto model = reader.text("model");
  if (!model)
    reader.fail(invalid_field("model", "'model' is missing: GET /v1/models lists the models served here"));
  out.model = model.value_or("");
  read_sampling_fields(reader, out);
  read_stream(reader, out);
  out.n = reader.integer("n", 1, kMaxChoices).value_or(1);
  out.options.n_prompt_logprobs =
      static_cast<int>(reader.integer("prompt_logprobs", 0, kMaxTopLogprobs).value_or(-1));
}

void read_continuation(FieldReader& reader, Chat& out) {
  out.continue_final_message = reader.boolean("continue_final_message").value_or(false);
  const auto prompted = reader.boolean("add_generation_prompt");
  out.add_generation_prompt = prompted.value_or(true);
  if (out.continue_final_message && prompted.value_or(false))
    reader.wrong("add_generation_prompt", "has to be false with 'continue_final_message'");
}

void read_best_of(FieldReader& reader, CompletionRequest& out) {
  out.best_of = reader.integer("best_of", 1, kMaxChoices).value_or(out.common.n);
  if (out.best_of < out.common.n)
    reader.wrong("best_of", base::cat("is ", out.best_of, ", less than 'n', which is ", out.common.n));
  if (out.best_of > out.common.n && out.common.stream)
    reader.wrong("best_of", "needs whole answers to choose from, so it cannot be streamed");
}

void read_chat_logprobs(FieldReader& reader, Common& out) {
  const bool wanted = reader.boolean("logprobs").value_or(false);
  const auto top = reader.integer("top_logprobs", 0, kMaxTopLogprobs);
  if (top && !wanted) reader.wrong("top_logprobs", "needs 'logprobs' to be true");
  if (wanted) out.options.n_top_logprobs = static_cast<int>(top.value_or(0));
}

std::optional<std::vector<TokenId>> as_ids(const Json& array) {
  std::vector<TokenId> out;
  for (const Json& element : array.as_array()) {
    if (!element.is_integer()) return std::nullopt;
    // Out of any model's range all the same, and the check against the model names it.
    out.push_back(static_cast<TokenId>(std::clamp<int64_t>(element.as_integer(), -1, INT32_MAX)));
  }
  return out;
}

std::optional<CompletionRequest::Prompt> read_prompt(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (!value.is_array() || value.as_array().empty()) return std::nullopt;
  if (auto ids = as_ids(value)) return std::move(*ids);
  return std::nullopt;
}

std::vector<CompletionRequest::Prompt> read_prompts(FieldReader& reader) {
  static constexpr std::string_view kForms =
      "has to be a text, a list of token ids, or a list of either, not empty";
  const Json* value = reader.any("prompt");
  if (!value) {
    reader.wrong("prompt", "is missing");
    return {};
  }
  if (auto single = read_prompt(*value)) return {std::move(*single)};
  std::vector<CompletionRequest::Prompt> out;
  if (!value->is_array() || value->as_array().empty()) {
    reader.wrong("prompt", kForms);
    return {};
  }
  for (const Json& element : value->as_array()) {
    auto prompt = read_prompt(element);
    if (!prompt) {
      reader.wrong("prompt", kForms);
      return {};
    }
    out.push_back(std::move(*prompt));
  }
  if (out.size() > kMaxPrompts)
    reader.wrong("prompt", base::cat("has ", out.size(), " entries, more than ", kMaxPrompts));
  return out;
}

}  // namespace

// Refused and ignored fields first: a request that asks for tools shall hear of tools.

Parsed<ChatRequest> read_chat_request(const Json& body) {
  ChatRequest out;
  out.common.ignored = TRY_PARSED(check_fields(body, chat_fields()));
  FieldReader reader(body);
  read_common(reader, out.common);
  read_chat_logprobs(reader, out.common);
  read_continuation(reader, out.chat);
  const auto old_limit = reader.integer("max_tokens", 1, INT64_MAX);
  const auto limit = reader.integer("max_completion_tokens", 1, INT64_MAX);
  out.common.options.max_tokens = limit.value_or(old_limit.value_or(-1));
  out.common.options.split_reasoning = true;
  out.chat.variables = read_template_variables(reader);
  if (const Json* messages = reader.any("messages"))
    out.chat.messages = read_messages(*messages, reader, out.common.ignored);
  else
    reader.wrong("messages", "is missing");
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

Parsed<CompletionRequest> read_completion_request(const Json& body) {
  CompletionRequest out;
  out.common.ignored = TRY_PARSED(check_fields(body, completion_fields()));
  FieldReader reader(body);
  read_common(reader, out.common);
  out.common.options.n_top_logprobs =
      static_cast<int>(reader.integer("logprobs", 0, kMaxTopLogprobs).value_or(-1));
  out.common.options.max_tokens =
      reader.integer("max_tokens", 1, INT64_MAX).value_or(kDefaultCompletionTokens);
  out.prompts = read_prompts(reader);
  out.echo = reader.boolean("echo").value_or(false);
  read_best_of(reader, out);
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

}  // namespace api::openai
