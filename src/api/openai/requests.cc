#include "api/openai/requests.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/openai/field_reader.h"
#include "api/openai/fields.h"
#include "api/openai/messages.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::openai {
namespace {

using base::Json;
using serving::TokenId;

constexpr size_t kMaxStops = 64;
constexpr size_t kMaxStopBytes = 4096;
constexpr int64_t kMaxTopLogprobs = 20;
constexpr size_t kMaxPrompts = 128;
constexpr size_t kMaxSaltBytes = 128;
constexpr int64_t kDefaultCompletionTokens = 16;  // OpenAI's, on this old route

std::vector<std::string> read_stops(FieldReader& reader) {
  std::vector<std::string> stops = reader.texts("stop", kMaxStops).value_or(std::vector<std::string>());
  for (const std::string& stop : stops) {
    if (stop.empty())
      reader.fail(invalid_field("stop", "'stop' holds an empty string, which every text holds"));
    if (stop.size() > kMaxStopBytes)
      reader.fail(
          invalid_field("stop", base::cat("'stop' holds a string of more than ", kMaxStopBytes, " bytes")));
  }
  return stops;
}

std::vector<TokenId> read_stop_ids(FieldReader& reader) {
  std::vector<TokenId> out;
  for (int64_t id : reader.integers("stop_token_ids", kMaxStops).value_or(std::vector<int64_t>())) {
    if (id < 0 || id > INT32_MAX)
      reader.fail(invalid_field("stop_token_ids",
                                base::cat("'stop_token_ids' holds ", id, ", which is no token id")));
    out.push_back(static_cast<TokenId>(id));
  }
  return out;
}

std::optional<uint64_t> read_seed(FieldReader& reader) {
  const Json* value = reader.any("seed");
  if (value && value->is_big_integer()) {  // up to 2^64 - 1, as some clients draw them
    const std::string& digits = value->as_big_integer().digits;
    uint64_t seed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (error == std::errc() && end == digits.data() + digits.size()) return seed;
  }
  const auto seed = reader.integer("seed", INT64_MIN, INT64_MAX);
  return seed ? std::optional(static_cast<uint64_t>(*seed)) : std::nullopt;
}

void read_stream(FieldReader& reader, Common& out) {
  out.stream = reader.boolean("stream").value_or(false);
  const Json* options = reader.object("stream_options");
  if (!options) return;
  if (!out.stream)
    return reader.fail(invalid_field("stream_options", "'stream_options' needs 'stream' to be true"));
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

void read_salt(FieldReader& reader, Common& out) {
  const auto salt = reader.text("cache_salt");
  if (salt && (salt->empty() || salt->size() > kMaxSaltBytes))
    reader.fail(
        invalid_field("cache_salt", base::cat("'cache_salt' has to have 1 to ", kMaxSaltBytes, " bytes")));
  out.options.cache_salt = salt.value_or("");
}

void read_common(FieldReader& reader, Common& out) {
  const auto model = reader.text("model");
  if (!model)
    reader.fail(invalid_field("model", "'model' is missing: GET /v1/models lists the models served here"));
  out.model = model.value_or("");
  serving::SamplingChoices& sampling = out.options.sampling;
  sampling.temperature = reader.number("temperature", 0, 2);
  sampling.top_p = reader.number("top_p", 0, 1);
  sampling.top_k = reader.integer("top_k", -1, INT64_MAX);
  sampling.min_p = reader.number("min_p", 0, 1);
  out.seed = read_seed(reader);
  out.options.stop = read_stops(reader);
  out.options.stop_ids = read_stop_ids(reader);
  out.options.ignore_stop_ids = reader.boolean("ignore_eos").value_or(false);
  read_salt(reader, out);
  read_stream(reader, out);
}

void read_chat_logprobs(FieldReader& reader, Common& out) {
  const bool wanted = reader.boolean("logprobs").value_or(false);
  const auto top = reader.integer("top_logprobs", 0, kMaxTopLogprobs);
  if (top && !wanted)
    reader.fail(invalid_field("top_logprobs", "'top_logprobs' needs 'logprobs' to be true"));
  if (wanted) out.options.n_top_logprobs = static_cast<int>(top.value_or(0));
}

// Names that the server gives a meaning of its own; what a caller put there would be a lie to the template.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "messages",  "tools",     "documents", "add_generation_prompt", "bos_token",
      "eos_token", "pad_token", "unk_token", "raise_exception",       "strftime_now"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Json read_variables(FieldReader& reader) {
  Json out(Json::Object{});
  if (const auto thinking = reader.boolean("enable_thinking")) out.set("enable_thinking", *thinking);
  const Json* variables = reader.object("chat_template_kwargs");
  if (!variables) return out;
  for (const Json::Member& member : variables->as_object()) {
    const std::string name = "chat_template_kwargs." + member.key;
    if (member.key == "chat_template")
      reader.fail(
          invalid_field(name, "a template is the operator's to give, with --chat-template, not a request's"));
    if (is_reserved(member.key))
      reader.fail(invalid_field(name, base::cat("'", name, "' is set by the server")));
    if (!member.value.is_null()) out.set(member.key, member.value);
  }
  return out;
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
      "'prompt' has to be a text, a list of token ids, or a list of either, not empty";
  const Json* value = reader.any("prompt");
  if (!value) {
    reader.fail(invalid_field("prompt", "'prompt' is missing"));
    return {};
  }
  if (auto single = read_prompt(*value)) return {std::move(*single)};
  std::vector<CompletionRequest::Prompt> out;
  if (!value->is_array() || value->as_array().empty()) {
    reader.fail(invalid_field("prompt", std::string(kForms)));
    return {};
  }
  for (const Json& element : value->as_array()) {
    auto prompt = read_prompt(element);
    if (!prompt) {
      reader.fail(invalid_field("prompt", std::string(kForms)));
      return {};
    }
    out.push_back(std::move(*prompt));
  }
  if (out.size() > kMaxPrompts)
    reader.fail(
        invalid_field("prompt", base::cat("'prompt' has ", out.size(), " entries, more than ", kMaxPrompts)));
  return out;
}

// Refused and ignored fields first: a request that asks for tools shall hear of tools.
std::optional<ApiError> check(const Json& body, Endpoint endpoint, Common& out) {
  if (!body.is_object()) {
    ApiError error;
    error.message = base::cat("the body has to be a JSON object, not of type ", body.type_name());
    return error;
  }
  FieldCheck fields = check_fields(body, endpoint);
  out.ignored = std::move(fields.ignored);
  return std::move(fields.error);
}

}  // namespace

Parsed<Json> parse_body(std::string_view text) {
  auto body = Json::parse(text);
  if (body) return std::move(*body);
  ApiError error;
  error.message = base::cat("the body is not valid JSON: ", body.error().message);
  return std::unexpected(std::move(error));
}

Parsed<ChatRequest> read_chat_request(const Json& body) {
  ChatRequest out;
  if (auto error = check(body, Endpoint::chat, out.common)) return std::unexpected(std::move(*error));
  FieldReader reader(body);
  read_common(reader, out.common);
  read_chat_logprobs(reader, out.common);
  const auto old_limit = reader.integer("max_tokens", 1, INT64_MAX);
  const auto limit = reader.integer("max_completion_tokens", 1, INT64_MAX);
  out.common.options.max_tokens = limit.value_or(old_limit.value_or(-1));
  out.common.options.split_reasoning = true;
  out.variables = read_variables(reader);
  if (const Json* messages = reader.any("messages"))
    out.messages = read_messages(*messages, reader, out.common.ignored);
  else
    reader.fail(invalid_field("messages", "'messages' is missing"));
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

Parsed<CompletionRequest> read_completion_request(const Json& body) {
  CompletionRequest out;
  if (auto error = check(body, Endpoint::completions, out.common)) return std::unexpected(std::move(*error));
  FieldReader reader(body);
  read_common(reader, out.common);
  out.common.options.n_top_logprobs =
      static_cast<int>(reader.integer("logprobs", 0, kMaxTopLogprobs).value_or(-1));
  out.common.options.max_tokens =
      reader.integer("max_tokens", 1, INT64_MAX).value_or(kDefaultCompletionTokens);
  out.prompts = read_prompts(reader);
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

}  // namespace api::openai
