#include "api/common/shared_fields.h"

namespace api {
namespace {

using enum Treatment;

constexpr std::string_view kLater = "not served yet";

constexpr Field kHints[] = {
    {"user", "string", hint},
    {"safety_identifier", "string", hint},
    {"metadata", "object", hint},
    {"store", "boolean", hint, "", "nothing is stored"},
    {"service_tier", "string", hint},
    {"prompt_cache_key", "string", hint},
    {"prompt_cache_options", "object", hint},
    {"prompt_cache_retention", "string", hint},
};

constexpr Field kChatHints[] = {
    {"reasoning_effort", "string", hint},
    {"verbosity", "string", hint},
    {"parallel_tool_calls", "boolean", hint},
};

constexpr Field kStructure[] = {
    {"response_format", "object", refused, R"({"type":"text"})", kLater},
    {"structured_outputs", "object", refused, "{}", kLater},
    {"guided_json", "object", refused, "", kLater},
    {"guided_regex", "string", refused, "", kLater},
    {"guided_choice", "array", refused, "", kLater},
    {"guided_grammar", "string", refused, "", kLater},
    {"grammar", "string", refused, R"("")", kLater},
    {"json_schema", "object", refused, "", kLater},
};

constexpr Field kTools[] = {
    {"tools", "array", refused, "[]", kLater},
    {"tool_choice", "string or object", refused, R"("none"|"auto")", kLater},
    {"functions", "array", refused, "[]", kLater},
    {"function_call", "string or object", refused, R"("none"|"auto")", kLater},
    {"thinking_budget", "integer", refused, "", kLater},
    {"thinking_token_budget", "integer", refused, "-1", kLater},
    {"modalities", "array", refused, R"(["text"])", "only text is made here"},
    {"audio", "object", refused, "", "only text is made here"},
    {"prediction", "object", refused, "", kLater},
    {"web_search_options", "object", refused, "", "nothing is fetched from elsewhere"},
    {"moderation", "object", refused, "", kLater},
};

}  // namespace

std::span<const Field> hint_fields() {
  return kHints;
}
std::span<const Field> chat_hint_fields() {
  return kChatHints;
}
std::span<const Field> structure_fields() {
  return kStructure;
}
std::span<const Field> tool_fields() {
  return kTools;
}

}  // namespace api
