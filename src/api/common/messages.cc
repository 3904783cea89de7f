#include "api/common/messages.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/strings.h"

namespace api {
namespace {

using base::Json;

// Names that the server gives a meaning of its own; what a caller put there would be a lie to the template.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "messages",  "tools",     "documents", "add_generation_prompt", "bos_token",
      "eos_token", "pad_token", "unk_token", "raise_exception",       "strftime_now"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::string joined(const Json::Array& parts) {
  std::string out;
  for (const Json& part : parts) out += part.find("text")->as_string();
  return out;
}

// Lists of parts become one text, unless the template walks over lists.
void settle_parts(const serving::ServedModel& model, Json& messages) {
  bool asked = false, walks = false;
  for (Json& message : messages.as_array()) {
    Json* content = message.find("content");
    if (!content || !content->is_array()) continue;
    if (!std::exchange(asked, true)) walks = serving::walks_over_parts(model);
    if (!walks) *content = joined(content->as_array());
  }
}

// Variables that the template never looks at have no effect, and are listed as such.
void list_unused_variables(const serving::ServedModel& model, const Json& variables,
                           std::vector<std::string>& ignored) {
  if (!model.chat_template) return;
  for (const Json::Member& member : variables.as_object())
    if (!model.chat_template->mentions(member.key)) ignored.push_back("chat_template_kwargs." + member.key);
}

}  // namespace

Json text_part(std::string text) {
  Json out(Json::Object{});
  out.set("type", "text");
  out.set("text", std::move(text));
  return out;
}

Json read_template_variables(FieldReader& reader) {
  Json out(Json::Object{});
  if (const auto thinking = reader.boolean("enable_thinking")) out.set("enable_thinking", *thinking);
  const Json* variables = reader.object("chat_template_kwargs");
  if (!variables) return out;
  for (const Json::Member& member : variables->as_object()) {
    const std::string name = "chat_template_kwargs." + member.key;
    if (member.key == "chat_template")
      reader.fail(
          invalid_field(name, "a template is the operator's to give, with --chat-template, not a request's"));
    if (is_reserved(member.key)) reader.wrong(name, "is set by the server");
    if (!member.value.is_null()) out.set(member.key, member.value);
  }
  return out;
}

void drop_if_unused(const serving::ServedModel& model, Json& variables, std::string_view variable,
                    std::string_view field, std::vector<std::string>& ignored) {
  if (!model.chat_template || model.chat_template->mentions(variable)) return;
  if (std::erase_if(variables.as_object(), [&](const Json::Member& m) { return m.key == variable; }) == 0)
    return;
  if (std::find(ignored.begin(), ignored.end(), field) == ignored.end()) ignored.emplace_back(field);
}

Parsed<serving::Prompt> chat_prompt(const Environment& environment, const serving::ServedModel& model,
                                    Chat chat, std::vector<std::string>& ignored, const char* param) {
  list_unused_variables(model, chat.variables, ignored);
  settle_parts(model, chat.messages);
  return from_result(serving::chat_prompt(model, {.messages = std::move(chat.messages),
                                                  .variables = std::move(chat.variables),
                                                  .add_generation_prompt = chat.add_generation_prompt,
                                                  .continue_final_message = chat.continue_final_message,
                                                  .now = environment.local_time(),
                                                  .cache_salt = std::move(chat.cache_salt)}),
                     param);
}

}  // namespace api
