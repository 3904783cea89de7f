#include "api/anthropic/fields.h"

#include "api/common/sampling_fields.h"

namespace api::anthropic {
namespace {

using enum Treatment;

constexpr std::string_view kTools = "tools are not served yet";
constexpr std::string_view kElsewhere = "nothing is run or fetched elsewhere";

constexpr Field kPrompt[] = {
    {"model", "string", served, "", "required; an id that GET /v1/models lists"},
    {"messages", "array", served, "",
     "required; roles user, assistant and system; an answer at the end is gone on with"},
    {"system", "string or array of text blocks"},
    {"thinking", "object", served, "",
     "type adaptive, enabled or disabled, for models whose template has the switch; budget_tokens is "
     "refused; "
     "display omitted gives thinking blocks without their text"},
    {"output_config", "object", served, "", "effort is a hint; format is refused"},
    {"cache_control", "object", hint, "", "every prompt is cached; also on blocks"},
    {"tools", "array", refused, "[]", kTools},
    {"tool_choice", "object", refused, R"({"type":"auto"}|{"type":"none"})", kTools},
    {"mcp_servers", "array", refused, "[]", kElsewhere},
    {"context_management", "object", refused, "{}", "not served yet"},
};

constexpr Field kMessage[] = {
    {"max_tokens", "integer, at least 1", served, "", "required"},
    {"stop_sequences", "array of up to 64 strings", served, "",
     "searched in the answer, not in the thoughts; the one found is in the reply"},
    {"stream", "boolean"},
    {"temperature", "number, 0 to 1", served, "", "absent: the model's own default, then 1"},
    {"top_k", "integer, at least 0", served, "", "0: off; absent: the model's own default, then off"},
    {"metadata", "object", hint},
    {"service_tier", "string", hint},
    {"inference_geo", "string", hint, "", "every answer is made on this machine"},
    {"speed", "string", hint},
    {"diagnostics", "object", hint},
    {"user_profile_id", "string", hint},
    {"workspace_id", "string", hint},
    {"container", "string or object", refused, "", kElsewhere},
    {"stop", "string or array", refused, "", "it is called stop_sequences here"},
};

}  // namespace

const FieldTable& message_fields() {
  static const FieldTable table{"messages", {kPrompt, kMessage, sampling_fields()}};
  return table;
}

const FieldTable& count_tokens_fields() {
  static const FieldTable table{"count_tokens", {kPrompt}};
  return table;
}

}  // namespace api::anthropic
