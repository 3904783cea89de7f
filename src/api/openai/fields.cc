#include "api/openai/fields.h"

#include "api/common/sampling_fields.h"
#include "api/common/shared_fields.h"

namespace api::openai {
namespace {

using enum Treatment;

constexpr std::string_view kLater = "not served yet";
constexpr std::string_view kNoTemplate = "a template is the operator's to give, with --chat-template";

constexpr Field kChat[] = {
    {"model", "string", served, "", "required; an id that GET /v1/models lists"},
    {"messages", "array", served, "", "required; text, as a string or as a list of text parts"},
    {"max_completion_tokens", "integer, at least 1", served, "",
     "wins over max_tokens; absent: until the context is full"},
    {"max_tokens", "integer, at least 1", served, "", "absent: until the context is full"},
    {"logprobs", "boolean", served, "", "of the raw distribution, before temperature"},
    {"top_logprobs", "integer, 0 to 20", served, "", "needs logprobs"},
    {"stream", "boolean"},
    {"stream_options", "object", served, "", "include_usage"},
    {"chat_template_kwargs", "object", served, "", "variables of the chat template"},
    {"enable_thinking", "boolean", served, "", "the same as in chat_template_kwargs"},
    {"n", "integer, 1 to 128", served, "", "choice i has seed + i; the prompt is computed once"},
    {"prompt_logprobs", "integer, 0 to 20", served, "",
     "of the prompt's tokens, in the reply's `prompt_logprobs`"},
    {"chat_template", "string", refused, "", kNoTemplate},
    {"continue_final_message", "boolean", served, "", "the model goes on with the last message"},
    {"add_generation_prompt", "boolean", served, "",
     "absent: true; has to be false with continue_final_message"},
    {"documents", "array", refused, "[]", kLater},
};

constexpr Field kCompletion[] = {
    {"model", "string", served, "", "required; an id that GET /v1/models lists"},
    {"prompt", "string or array", served, "", "required; text, token ids, or a list of either"},
    {"max_tokens", "integer, at least 1", served, "", "absent: 16"},
    {"logprobs", "integer, 0 to 20", served, "", "of the raw distribution, before temperature"},
    {"stream", "boolean"},
    {"stream_options", "object", served, "", "include_usage"},
    {"n", "integer, 1 to 128", served, "", "per prompt; choice i has seed + i; the prompt is computed once"},
    {"best_of", "integer, n to 128", served, "",
     "so many are made, and the n likeliest per token come back; not streamed"},
    {"chat_template", "string", refused, "", kNoTemplate},
    {"echo", "boolean", served, "", "the prompt stands before the answer; with logprobs, its tokens' too"},
    {"suffix", "string", refused, R"("")", kLater},
    {"prompt_embeds", "string", refused, "", kLater},
    {"prompt_logprobs", "integer, 0 to 20", served, "",
     "of the prompt's tokens, in the choice's `prompt_logprobs`"},
};

}  // namespace

const FieldTable& chat_fields() {
  static const FieldTable table{
      "chat",
      {kChat, sampling_fields(), hint_fields(), chat_hint_fields(), structure_fields(), tool_fields()}};
  return table;
}

const FieldTable& completion_fields() {
  static const FieldTable table{"completions",
                                {kCompletion, sampling_fields(), hint_fields(), structure_fields()}};
  return table;
}

}  // namespace api::openai
