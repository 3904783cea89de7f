#include "api/dashscope/fields.h"

#include "api/common/sampling_fields.h"
#include "api/common/shared_fields.h"

namespace api::dashscope {
namespace {

using enum Treatment;

constexpr Field kBody[] = {
    {"model", "string", served, "", "required; an id that GET /v1/models lists"},
    {"input", "object", served, "", "required; see below"},
    {"parameters", "object", served, "", "see below"},
    {"resources", "object", refused, "{}", "nothing is fetched from elsewhere"},
};

constexpr Field kInput[] = {
    {"messages", "array", served, "", "as OpenAI's; parts of content as {\"text\"}, or with a type"},
    {"prompt", "string", served, "", "a message of the user behind the others"},
    {"history", "array", served, "", "{\"user\", \"bot\"}: turns before the prompt"},
};

constexpr Field kParameters[] = {
    {"result_format", "string", served, "", "message or text; absent: text"},
    {"incremental_output", "boolean", served, "",
     "absent: false, each event repeats the text from its beginning"},
    {"max_tokens", "integer, at least 1", served, "", "absent: until the context is full"},
    {"enable_thinking", "boolean", served, "", "for models whose template has the switch"},
    {"enable_search", "boolean", refused, "false", "nothing is fetched from elsewhere"},
    {"search_options", "object", hint},
    {"n", "integer", refused, "1", "not served yet"},
    {"logprobs", "boolean", refused, "false", "not served yet"},
};

}  // namespace

const FieldTable& body_fields() {
  static const FieldTable table{"body", {kBody}};
  return table;
}

const FieldTable& input_fields() {
  static const FieldTable table{"input", {kInput}};
  return table;
}

const FieldTable& parameter_fields() {
  static const FieldTable table{
      "parameters", {kParameters, sampling_fields(), chat_hint_fields(), structure_fields(), tool_fields()}};
  return table;
}

}  // namespace api::dashscope
