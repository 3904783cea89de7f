#include "serving/prompt.h"

#include <ctime>
#include <utility>

#include "base/strings.h"
#include "chat/reasoning_parser.h"
#include "chat/segments.h"
#include "tokenizer/tokenizer.h"

namespace serving {
namespace {

base::Json variables_of(const ServedModel& model, const ChatInput& input) {
  base::Json out =
      model.template_variables.is_object() ? model.template_variables : base::Json(base::Json::Object{});
  out.set("add_generation_prompt", input.add_generation_prompt && !input.continue_final_message);
  return out;
}

bool is_system(const base::Json& message) {
  const base::Json* role = message.find("role");
  return role && *role == base::Json("system");
}

// Those of an alias stand before the caller's; its system message gives way to the caller's own.
base::Json messages_of(const ServedModel& model, const base::Json& given) {
  if (!model.presets.messages.is_array() || !given.is_array()) return given;
  const bool brings_system = !given.as_array().empty() && is_system(given.as_array().front());
  base::Json out(base::Json::Array{});
  for (const base::Json& message : model.presets.messages.as_array())
    if (!brings_system || !is_system(message)) out.push_back(message);
  const auto first = out.as_array().begin();
  if (brings_system) out.as_array().insert(first, given.as_array().front());
  out.as_array().insert(out.as_array().end(), given.as_array().begin() + (brings_system ? 1 : 0),
                        given.as_array().end());
  return out;
}

// Whether the template itself ended the prompt inside a thought. What a user wrote does not count.
bool opens_thought(const chat::Rendered& rendered) {
  if (rendered.trusted.empty()) return false;
  const chat::ByteRange& last = rendered.trusted.back();
  if (last.end != rendered.text.size()) return false;
  return chat::ReasoningParser::starts_inside(std::string_view(rendered.text).substr(last.begin));
}

std::string_view final_text(const base::Json& messages) {
  if (!messages.is_array() || messages.as_array().empty()) return {};
  const base::Json* content = messages.as_array().back().find("content");
  if (content && content->is_array() && !content->as_array().empty())
    content = content->as_array().back().find("text");
  return content && content->is_string() ? base::trim(content->as_string()) : std::string_view();
}

// Cuts off what the template put behind the last message: all that follows the last stretch of the caller's
// bytes. That stretch has to be the message's end, or something else would be gone on with.
base::Status cut_behind_final_message(const base::Json& messages, chat::Rendered& rendered) {
  const bool ends_trusted = !rendered.trusted.empty() && rendered.trusted.back().end == rendered.text.size();
  const size_t end = ends_trusted ? rendered.trusted.back().begin : rendered.text.size();
  if (ends_trusted) rendered.trusted.pop_back();
  const size_t begin = rendered.trusted.empty() ? 0 : rendered.trusted.back().end;
  const std::string_view last = base::trim(std::string_view(rendered.text).substr(begin, end - begin));
  if (last.empty() || !final_text(messages).ends_with(last))
    return base::fail(
        base::Code::unsupported,
        "the last message cannot be gone on with: the model's template does not end with its text");
  rendered.text.resize(end);
  return {};
}

base::Status check_tokenizer(const ServedModel& model) {
  if (model.tokenizer) return {};
  return base::fail(base::Code::unsupported,
                    base::cat("model '", model.id, "' reads token ids only: ", model.tokenizer_problem));
}

std::string why_no_template(const ServedModel& model) {
  if (!model.template_problem.empty())
    return base::cat("the chat template of model '", model.id, "' cannot be used (", model.template_problem,
                     "): give another with --chat-template FILE");
  return base::cat("model '", model.id,
                   "' has no chat template: give one with --chat-template FILE, or use completions");
}

}  // namespace

base::Result<Prompt> chat_prompt(const ServedModel& model, const ChatInput& input) {
  TRY(check_tokenizer(model));
  if (!model.chat_template) return base::fail(base::Code::unsupported, why_no_template(model));
  chat::RenderInput render{messages_of(model, input.messages), {}, {}, variables_of(model, input), input.now};
  render.caller_variables = input.variables;
  chat::Rendered rendered = TRY(model.chat_template->render(render));
  if (input.continue_final_message) TRY(cut_behind_final_message(input.messages, rendered));
  Prompt prompt;
  prompt.ids = model.tokenizer->encode_strict(chat::segments(rendered));
  if (model.answers && input.cache_salt) {
    prompt.encoded = std::move(prompt.ids);
    prompt.ids = model.answers->as_said(*input.cache_salt, prompt.encoded);
    prompt.cache_salt = *input.cache_salt;
  }
  prompt.starts_in_thinking = opens_thought(rendered);
  prompt.text = std::move(rendered.text);
  return prompt;
}

bool walks_over_parts(const ServedModel& model) {
  if (!model.chat_template) return false;
  static constexpr std::string_view kProbe =
      R"([{"role":"user","content":[{"type":"text","text":"one part"},{"type":"text","text":"another"}]}])";
  const chat::RenderInput render{*base::Json::parse(kProbe), {}, {}, variables_of(model, {}), {}};
  const auto rendered = model.chat_template->render(render);
  if (!rendered) return false;
  const std::string& text = rendered->text;
  const bool has_both =
      text.find("one part") != std::string::npos && text.find("another") != std::string::npos;
  return has_both && text.find("'one part'") == std::string::npos &&
         text.find("\"one part\"") == std::string::npos;
}

base::Result<Prompt> text_prompt(const ServedModel& model, std::string_view text, PlainText mode) {
  TRY(check_tokenizer(model));
  Prompt prompt;
  if (mode == PlainText::as_usual && model.encode_plain)
    prompt.ids = model.encode_plain(text);
  else
    prompt.ids = model.tokenizer->encode(
        text, {.find_added_tokens = true, .add_special = mode == PlainText::as_usual});
  prompt.text = text;
  return prompt;
}

base::Result<Prompt> ids_prompt(const ServedModel& model, std::span<const TokenId> ids) {
  for (TokenId id : ids)
    if (id < 0 || id >= model.n_ids)
      return base::fail(
          base::Code::invalid_argument,
          base::cat("token id ", id, " is out of range: this model's ids are 0 to ", model.n_ids - 1));
  Prompt prompt;
  prompt.ids.assign(ids.begin(), ids.end());
  return prompt;
}

chat::CivilTime local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm civil{};
  localtime_r(&now, &civil);
  return {civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec};
}

}  // namespace serving
