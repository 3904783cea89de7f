#include "api/ollama/fields.h"

#include "api/common/sampling_fields.h"

namespace api::ollama {
namespace {

using enum Treatment;

constexpr std::string_view kTextOnly = "this model reads text only";
constexpr std::string_view kLater = "not served yet";

constexpr Field kBoth[] = {
    {"model", "string", served, "", "required; a name that GET /api/tags lists, also with :latest behind it"},
    {"stream", "boolean", served, "", "absent: true"},
    {"options", "object", served, "", "see below"},
    {"think", "boolean or string", served, "",
     "for models whose template has the switch; a level also sets the variable reasoning_effort"},
    {"truncate", "boolean", served, "",
     "absent: true; chat: the oldest turns behind the system message are dropped until the prompt fits, and "
     "the header "
     "x-truncated-messages says how many messages; generate: never cut"},
    {"logprobs", "boolean", served, "", "of the raw distribution, before temperature"},
    {"top_logprobs", "integer, 0 to 20", served, "", "needs logprobs"},
    {"keep_alive", "string or number", served, "",
     "seconds or 5m; how long the model stays loaded after this use; below 0: for ever"},
    {"shift", "boolean", hint, "", "an answer ends when the context is full"},
    {"format", "string or object", refused, R"("")", kLater},
};

constexpr Field kChat[] = {
    {"messages", "array", served, "",
     "roles system, user, assistant and tool; absent or empty: nothing is generated"},
    {"tools", "array", refused, "[]", kLater},
};

constexpr Field kGenerate[] = {
    {"prompt", "string", served, "", "absent or empty: nothing is generated"},
    {"system", "string"},
    {"raw", "boolean", served, "", "the prompt goes to the model without the chat template"},
    {"context", "array of integers", served, "", "from an earlier reply: its conversation goes on"},
    {"template", "string", refused, R"("")", "a template is the operator's to give, with --chat-template"},
    {"suffix", "string", refused, R"("")", kLater},
    {"images", "array", refused, "[]", kTextOnly},
};

constexpr Field kOptions[] = {
    {"num_predict", "integer, at least -2", served, "", "absent, -1, -2: until the context is full"},
    {"num_ctx", "integer, at least 1", served, "",
     "prompt and answer together; above the server's --context it has no effect"},
    {"repeat_penalty", "number", served, "",
     "over prompt and answer; absent: the model's own default, then 1.1"},
    {"repeat_last_n", "integer, at least -1", served, "", "absent: the model's own default, then 64"},
    {"num_keep", "integer", hint},
    {"num_batch", "integer", hint},
    {"num_gpu", "integer", hint},
    {"main_gpu", "integer", hint},
    {"num_thread", "integer", hint},
    {"use_mmap", "boolean", hint},
    {"use_mlock", "boolean", hint},
    {"numa", "boolean", hint},
    {"low_vram", "boolean", hint},
    {"f16_kv", "boolean", hint},
    {"logits_all", "boolean", hint},
    {"vocab_only", "boolean", hint},
    {"draft_num_predict", "integer", hint},
};

constexpr Field kCreate[] = {
    {"model", "string", served, "", "required; the name of the alias"},
    {"name", "string", served, "", "the same, as older clients call it"},
    {"from", "string", served, "", "required; a model that is served"},
    {"modelfile", "string", served, "",
     "FROM, SYSTEM, TEMPLATE, PARAMETER, MESSAGE and LICENSE; other fields win"},
    {"system", "string"},
    {"template", "string", served, "", "in Jinja"},
    {"parameters", "object", served, "", "as options; answers of every dialect take them as defaults"},
    {"messages", "array", served, "", "before those of a chat"},
    {"license", "string or array", hint},
    {"stream", "boolean", served, "", "absent: true"},
    {"files", "object", refused, "{}", "models are registered by the operator, with domicile pull PATH"},
    {"adapters", "object", refused, "{}", kLater},
    {"quantize", "string", refused, R"("")", "domicile pack does that"},
};

}  // namespace

const FieldTable& chat_fields() {
  static const FieldTable table{"chat", {kChat, kBoth}};
  return table;
}

const FieldTable& generate_fields() {
  static const FieldTable table{"generate", {kGenerate, kBoth}};
  return table;
}

const FieldTable& option_fields() {
  static const FieldTable table{"options", {kOptions, sampling_fields()}};
  return table;
}

const FieldTable& create_fields() {
  static const FieldTable table{"create", {kCreate}};
  return table;
}

}  // namespace api::ollama
