#include "api/dashscope/requests.h"

#include <string>
#include <utility>

#include "api/common/sampling_fields.h"
#include "api/dashscope/fields.h"
#include "api/openai/messages.h"
#include "base/strings.h"

namespace api::dashscope {
namespace {

using base::Json;

Json message(const char* role, std::string content) {
  Json out(Json::Object{});
  out.set("role", role);
  out.set("content", std::move(content));
  return out;
}

// {"text": ...} and {"image": ...} as parts that name their type.
Json with_types(Json messages) {
  if (!messages.is_array()) return messages;
  for (Json& one : messages.as_array()) {
    Json* content = one.find("content");
    if (!content || !content->is_array()) continue;
    for (Json& part : content->as_array())
      if (part.is_object() && !part.as_object().empty() && !part.find("type"))
        part.set("type", part.as_object().front().key);
  }
  return messages;
}

Parsed<void> read_history(const Json& input, Json& out) {
  const Json* history = input.find("history");
  if (!history || history->is_null()) return {};
  FieldReader whole(input, "input.");
  if (!history->is_array()) {
    whole.wrong_type("history", "an array", *history);
    return std::unexpected(*whole.error());
  }
  for (const Json& turn : history->as_array()) {
    if (!turn.is_object())
      return std::unexpected(invalid_field("input.history", "'input.history' has to hold objects"));
    FieldReader reader(turn, "input.history[].");
    out.push_back(message("user", reader.text("user").value_or("")));
    out.push_back(message("assistant", reader.text("bot").value_or("")));
    if (reader.error()) return std::unexpected(*reader.error());
  }
  return {};
}

Parsed<void> read_input(const Json& input, GenerationRequest& out) {
  const auto ignored = TRY_PARSED(check_fields(input, input_fields(), "input."));
  out.asked.ignored.insert(out.asked.ignored.end(), ignored.begin(), ignored.end());
  FieldReader reader(input, "input.");
  Json messages(Json::Array{});
  if (const Json* given = reader.any("messages")) messages = with_types(*given);
  if (!messages.is_array()) {
    reader.wrong_type("messages", "an array", messages);
    return std::unexpected(*reader.error());
  }
  if (auto read = read_history(input, messages); !read) return read;
  if (const auto prompt = reader.text("prompt")) messages.push_back(message("user", *prompt));
  if (messages.as_array().empty())
    reader.wrong("messages", "is missing: 'input' has to hold messages or a prompt");
  out.chat.messages = openai::read_messages(messages, reader, out.asked.ignored);
  if (reader.error()) return std::unexpected(*reader.error());
  return {};
}

Parsed<void> read_parameters(const Json& parameters, GenerationRequest& out) {
  const auto ignored = TRY_PARSED(check_fields(parameters, parameter_fields(), "parameters."));
  out.asked.ignored.insert(out.asked.ignored.end(), ignored.begin(), ignored.end());
  FieldReader reader(parameters, "parameters.");
  read_sampling_fields(reader, out.asked);
  out.asked.options.max_tokens = reader.integer("max_tokens", 1, INT64_MAX).value_or(-1);
  const std::string format = reader.text("result_format").value_or("text");
  if (format != "text" && format != "message") reader.wrong("result_format", "has to be message or text");
  out.as_message = format == "message";
  out.incremental = reader.boolean("incremental_output").value_or(false);
  if (const auto thinking = reader.boolean("enable_thinking"))
    out.chat.variables.set("enable_thinking", *thinking);
  if (reader.error()) return std::unexpected(*reader.error());
  return {};
}

}  // namespace

Parsed<GenerationRequest> read_generation_request(const Json& body) {
  GenerationRequest out;
  std::vector<std::string> ignored = TRY_PARSED(check_fields(body, body_fields()));
  FieldReader reader(body);
  const auto model = reader.text("model");
  const Json* input = reader.object("input");
  const Json* parameters = reader.object("parameters");
  if (!model || model->empty())
    reader.wrong("model", "is missing: GET /v1/models lists the models served here");
  if (!input) reader.wrong("input", "is missing");
  if (reader.error()) return std::unexpected(*reader.error());
  // Parameters first: a request that asks for tools shall hear of tools.
  if (auto read = read_parameters(parameters ? *parameters : Json(Json::Object{}), out); !read)
    return std::unexpected(std::move(read.error()));
  if (auto read = read_input(*input, out); !read) return std::unexpected(std::move(read.error()));
  out.asked.model = *model;
  out.asked.options.split_reasoning = true;
  out.asked.ignored.insert(out.asked.ignored.begin(), ignored.begin(), ignored.end());
  return out;
}

}  // namespace api::dashscope
