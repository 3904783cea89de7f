#include "api/anthropic/requests.h"

#include <utility>

#include "api/anthropic/fields.h"
#include "api/anthropic/messages.h"
#include "api/common/fields.h"
#include "api/common/sampling_fields.h"

namespace api::anthropic {
namespace {

using base::Json;

void read_thinking(FieldReader& reader, MessageRequest& out) {
  const Json* thinking = reader.object("thinking");
  if (!thinking) return;
  FieldReader inner(*thinking, "thinking.");
  const std::string type = inner.text("type").value_or("");
  const std::string display = inner.text("display").value_or("summarized");
  if (type != "enabled" && type != "adaptive" && type != "disabled")
    inner.wrong("type", "has to be adaptive, enabled or disabled");
  if (display != "summarized" && display != "omitted")
    inner.wrong("display", "has to be summarized or omitted");
  if (inner.any("budget_tokens"))
    inner.wrong(
        "budget_tokens",
        "is refused: budgets for thoughts are not served yet; {\"type\": \"adaptive\"} thinks without one");
  if (inner.error()) reader.fail(*inner.error());
  out.chat.variables.set("enable_thinking", type != "disabled");
  out.show_thoughts = display != "omitted";
}

void read_output_config(FieldReader& reader, MessageRequest& out) {
  const Json* config = reader.object("output_config");
  if (!config) return;
  for (const Json::Member& member : config->as_object()) {
    if (member.value.is_null()) continue;
    if (member.key == "format")
      reader.wrong("output_config.format", "is refused: schemas are not served yet");
    out.asked.ignored.push_back("output_config." + member.key);
  }
}

void read_prompt(FieldReader& reader, MessageRequest& out) {
  out.asked.model = reader.text("model").value_or("");
  if (out.asked.model.empty())
    reader.wrong("model", "is missing: GET /v1/models lists the models served here");
  read_thinking(reader, out);
  read_output_config(reader, out);
  const Json* messages = reader.any("messages");
  if (!messages) return reader.wrong("messages", "is missing");
  Conversation conversation = read_conversation(reader.any("system"), *messages, reader, out.asked.ignored);
  out.chat.messages = std::move(conversation.messages);
  out.chat.continue_final_message = conversation.ends_with_answer;
}

void read_limits(FieldReader& reader, MessageRequest& out) {
  read_sampling_fields(reader, out.asked);
  serving::GenerationOptions& options = out.asked.options;
  options.sampling.temperature = reader.number("temperature", 0, 1);
  options.stop = read_stops(reader, "stop_sequences");
  options.split_reasoning = true;
  const auto max_tokens = reader.integer("max_tokens", 1, INT64_MAX);
  if (!max_tokens) reader.wrong("max_tokens", "is missing: it is required in this dialect");
  options.max_tokens = max_tokens.value_or(-1);
  out.asked.stream = reader.boolean("stream").value_or(false);
}

}  // namespace

Parsed<MessageRequest> read_message_request(const Json& body) {
  MessageRequest out;
  out.asked.ignored = TRY_PARSED(check_fields(body, message_fields()));
  FieldReader reader(body);
  read_prompt(reader, out);
  read_limits(reader, out);
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

Parsed<MessageRequest> read_count_request(const Json& body) {
  MessageRequest out;
  out.asked.ignored = TRY_PARSED(check_fields(body, count_tokens_fields()));
  FieldReader reader(body);
  read_prompt(reader, out);
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

}  // namespace api::anthropic
