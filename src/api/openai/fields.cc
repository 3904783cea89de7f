#include "api/openai/fields.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"

namespace api::openai {
namespace {

using base::Json;
using enum Treatment;

constexpr std::string_view kLater = "not served yet";

constexpr Field kFields[] = {
    // name, type, chat, completions, harmless, note
    {"model", "string", served, served, "", "required; an id that GET /v1/models lists"},
    {"messages", "array", served, unknown, "", "required; text, as a string or as a list of text parts"},
    {"prompt", "string or array", unknown, served, "", "required; text, token ids, or a list of either"},
    {"max_completion_tokens", "integer, at least 1", served, unknown, "",
     "wins over max_tokens; absent: until the context is full"},
    {"max_tokens", "integer, at least 1", served, served, "", "completions: 16 if absent"},
    {"temperature", "number, 0 to 2", served, served, "", "absent: the model's own default, then 1"},
    {"top_p", "number, 0 to 1", served, served, "", "absent: the model's own default, then 1"},
    {"top_k", "integer, at least -1", served, served, "",
     "0 or -1: off; absent: the model's own default, then off"},
    {"min_p", "number, 0 to 1", served, served, "", "absent: the model's own default, then 0"},
    {"seed", "integer", served, served, "", "the same seed gives the same answer; choice i has seed + i"},
    {"stop", "string or array of up to 64", served, served, "",
     "searched in the answer, not in the thoughts"},
    {"stop_token_ids", "array of integers", served, served, "", "end the answer like the model's own"},
    {"ignore_eos", "boolean", served, served, "", "the model's end marks do not end the answer"},
    {"logprobs", "boolean; completions: integer, 0 to 20", served, served, "",
     "of the raw distribution, before temperature"},
    {"top_logprobs", "integer, 0 to 20", served, unknown, "", "needs logprobs"},
    {"stream", "boolean", served, served, "", ""},
    {"stream_options", "object", served, served, "", "include_usage"},
    {"chat_template_kwargs", "object", served, unknown, "", "variables of the chat template"},
    {"enable_thinking", "boolean", served, unknown, "", "the same as in chat_template_kwargs"},
    {"cache_salt", "string, 1 to 128 bytes", served, served, "",
     "computed prompts are shared only under the same salt"},

    {"user", "string", hint, hint, "", ""},
    {"safety_identifier", "string", hint, hint, "", ""},
    {"metadata", "object", hint, hint, "", ""},
    {"store", "boolean", hint, hint, "", "nothing is stored"},
    {"service_tier", "string", hint, hint, "", ""},
    {"prompt_cache_key", "string", hint, hint, "", ""},
    {"prompt_cache_options", "object", hint, hint, "", ""},
    {"prompt_cache_retention", "string", hint, hint, "", ""},
    {"reasoning_effort", "string", hint, unknown, "", ""},
    {"verbosity", "string", hint, unknown, "", ""},
    {"parallel_tool_calls", "boolean", hint, unknown, "", ""},
    {"priority", "integer", hint, hint, "", ""},

    {"n", "integer", refused, refused, "1", kLater},
    {"best_of", "integer", unknown, refused, "1", kLater},
    {"frequency_penalty", "number", refused, refused, "0", kLater},
    {"presence_penalty", "number", refused, refused, "0", kLater},
    {"repetition_penalty", "number", refused, refused, "1", kLater},
    {"logit_bias", "object", refused, refused, "{}", kLater},
    {"tools", "array", refused, unknown, "[]", kLater},
    {"tool_choice", "string or object", refused, unknown, "\"none\"|\"auto\"", kLater},
    {"functions", "array", refused, unknown, "[]", kLater},
    {"function_call", "string or object", refused, unknown, "\"none\"|\"auto\"", kLater},
    {"response_format", "object", refused, refused, "{\"type\":\"text\"}", kLater},
    {"structured_outputs", "object", refused, refused, "{}", kLater},
    {"guided_json", "object", refused, refused, "", kLater},
    {"guided_regex", "string", refused, refused, "", kLater},
    {"guided_choice", "array", refused, refused, "", kLater},
    {"guided_grammar", "string", refused, refused, "", kLater},
    {"grammar", "string", refused, refused, "\"\"", kLater},
    {"json_schema", "object", refused, refused, "", kLater},
    {"thinking_budget", "integer", refused, unknown, "", kLater},
    {"thinking_token_budget", "integer", refused, unknown, "-1", kLater},
    {"modalities", "array", refused, unknown, "[\"text\"]", "only text is made here"},
    {"audio", "object", refused, unknown, "", "only text is made here"},
    {"prediction", "object", refused, unknown, "", kLater},
    {"web_search_options", "object", refused, unknown, "", "nothing is fetched from elsewhere"},
    {"moderation", "object", refused, unknown, "", kLater},
    {"chat_template", "string", refused, refused, "",
     "a template is the operator's to give, with --chat-template"},
    {"continue_final_message", "boolean", refused, unknown, "false", kLater},
    {"add_generation_prompt", "boolean", refused, unknown, "true", kLater},
    {"documents", "array", refused, unknown, "[]", kLater},
    {"echo", "boolean", unknown, refused, "false", kLater},
    {"suffix", "string", unknown, refused, "\"\"", kLater},
    {"prompt_embeds", "string", unknown, refused, "", kLater},
    {"prompt_logprobs", "integer", refused, refused, "", kLater},
    {"min_tokens", "integer", refused, refused, "0", kLater},
    {"bad_words", "array", refused, refused, "[]", kLater},
    {"allowed_token_ids", "array", refused, refused, "[]", kLater},
    {"use_beam_search", "boolean", refused, refused, "false", kLater},
    {"include_stop_str_in_output", "boolean", refused, refused, "false", kLater},
    {"skip_special_tokens", "boolean", refused, refused, "true", kLater},
    {"truncate_prompt_tokens", "integer", refused, refused, "-1", "a prompt is never cut"},
    {"typical_p", "number", refused, refused, "1", kLater},
    {"top_n_sigma", "number", refused, refused, "0|-1", kLater},
    {"mirostat", "integer", refused, refused, "0", kLater},
    {"dry_multiplier", "number", refused, refused, "0", kLater},
    {"xtc_probability", "number", refused, refused, "0", kLater},
};

bool same_value(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
  return a == b;
}

bool is_harmless(const Json& value, std::string_view harmless) {
  if (harmless.empty()) return false;
  for (std::string_view text : base::split(harmless, '|'))
    if (const auto wanted = Json::parse(text); wanted && same_value(value, *wanted)) return true;
  return false;
}

ApiError refusal(const Field& field) {
  return invalid_field(std::string(field.name),
                       base::cat("'", field.name, "' with this value is refused: ", field.note));
}

const Field* find_field(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == name; });
  return found == std::end(kFields) ? nullptr : found;
}

std::string_view treatment_name(Treatment treatment) {
  switch (treatment) {
    case unknown:
      return "-";
    case served:
      return "served";
    case hint:
      return "hint";
    case refused:
      return "refused";
  }
  return "-";
}

}  // namespace

std::span<const Field> all_fields() {
  return kFields;
}

FieldCheck check_fields(const Json& body, Endpoint endpoint) {
  FieldCheck out;
  for (const Json::Member& member : body.as_object()) {
    if (member.value.is_null()) continue;
    const Field* field = find_field(member.key);
    const Treatment treatment = field ? field->on(endpoint) : unknown;
    if (treatment == served) continue;
    if (treatment != refused) {
      out.ignored.push_back(member.key);
    } else if (!is_harmless(member.value, field->harmless)) {
      out.error = refusal(*field);
      return out;
    }
  }
  return out;
}

std::string fields_as_markdown() {
  std::string out = "| field | type | chat | completions | note |\n|---|---|---|---|---|\n";
  for (const Field& field : kFields) {
    std::string note(field.note);
    if (!field.harmless.empty()) {
      std::string values(field.harmless);
      for (size_t at = 0; (at = values.find('|', at)) != std::string::npos; at += 4)
        values.replace(at, 1, "` `");
      note += base::cat("; accepted: `", values, "`");
    }
    out += base::cat("| `", field.name, "` | ", field.type, " | ", treatment_name(field.chat), " | ",
                     treatment_name(field.completions), " | ", note, " |\n");
  }
  return out;
}

}  // namespace api::openai
