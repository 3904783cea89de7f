#include "api/anthropic/prepare.h"

#include <utility>

#include "api/anthropic/requests.h"
#include "base/strings.h"

namespace api::anthropic {
namespace {

using base::Json;

Parsed<serving::Prompt> prompt_of(const Environment& environment, const serving::ServedModel& model,
                                  MessageRequest& request) {
  drop_if_unused(model, request.chat.variables, "enable_thinking", "thinking", request.asked.ignored);
  return chat_prompt(environment, model, std::move(request.chat), request.asked.ignored, "messages");
}

}  // namespace

Parsed<Prepared> prepare_message(const Environment& environment, const Json& body, std::string_view unique,
                                 const std::string& request_id) {
  MessageRequest message = TRY_PARSED(read_message_request(body));
  Prepared out;
  out.inference.model = TRY_PARSED(find_model(environment, message.asked.model));
  out.inference.prompts.push_back(TRY_PARSED(prompt_of(environment, *out.inference.model, message)));
  out.inference.prompt_field = "messages";
  out.frame = {.id = base::cat("msg_", unique),
               .model = out.inference.model->id,
               .request_id = request_id,
               .max_tokens = message.asked.options.max_tokens,
               .show_thoughts = message.show_thoughts};
  out.inference.asked = std::move(message.asked);
  return out;
}

Parsed<serving::Prompt> prepare_count(const Environment& environment, const Json& body) {
  MessageRequest message = TRY_PARSED(read_count_request(body));
  const SharedModel model = TRY_PARSED(find_model(environment, message.asked.model));
  return prompt_of(environment, *model, message);
}

}  // namespace api::anthropic
