#include "api/anthropic/routes.h"

#include <memory>
#include <utility>

#include "api/anthropic/errors.h"
#include "api/anthropic/message_writer.h"
#include "api/anthropic/requests.h"
#include "api/common/inference.h"

namespace api::anthropic {
namespace {

using base::Json;
using SharedReply = std::shared_ptr<http::Reply>;

Parsed<serving::Prompt> prompt_of(const Environment& environment, const serving::ServedModel& model,
                                  MessageRequest& request) {
  drop_if_unused(model, request.chat.variables, "enable_thinking", "thinking", request.asked.ignored);
  return chat_prompt(environment, model, std::move(request.chat), request.asked.ignored, "messages");
}

struct Prepared {
  Inference inference;
  MessageFrame frame;
};

Parsed<Prepared> prepare(const Environment& environment, const http::Request& request) {
  const Json body = TRY_PARSED(parse_body(request.body));
  MessageRequest message = TRY_PARSED(read_message_request(body));
  Prepared out;
  out.inference.model = TRY_PARSED(find_model(environment, message.asked.model));
  out.inference.prompts.push_back(TRY_PARSED(prompt_of(environment, *out.inference.model, message)));
  out.inference.prompt_field = "messages";
  out.frame = {.id = "msg_" + std::string(unique_part(request)),
               .model = out.inference.model->id,
               .request_id = request.id,
               .max_tokens = message.asked.options.max_tokens,
               .show_thoughts = message.show_thoughts};
  out.inference.asked = std::move(message.asked);
  return out;
}

void answer(const Environment& environment, const http::Request& request, const SharedReply& reply) {
  auto prepared = prepare(environment, request);
  if (!prepared) return reply->send(error_response(prepared.error(), request.id));
  run_inference(environment, std::move(prepared->inference), message_writer(std::move(prepared->frame)),
                request, reply);
}

Parsed<Json> count(const Environment& environment, const http::Request& request) {
  const Json body = TRY_PARSED(parse_body(request.body));
  MessageRequest message = TRY_PARSED(read_count_request(body));
  const SharedModel model = TRY_PARSED(find_model(environment, message.asked.model));
  const serving::Prompt prompt = TRY_PARSED(prompt_of(environment, *model, message));
  Json out(Json::Object{});
  out.set("input_tokens", prompt.ids.size());
  return out;
}

void answer_count(const Environment& environment, const http::Request& request, http::Reply& reply) {
  auto counted = count(environment, request);
  if (!counted) return reply.send(error_response(counted.error(), request.id));
  http::Response response = http::json_response(200, counted->write());
  add_request_id(response, request.id);
  reply.send(std::move(response));
}

}  // namespace

void add_routes(http::Router& router, const Environment& environment) {
  router.add("POST", "/v1/messages", [&environment](const http::Request& request, const SharedReply& reply) {
    answer(environment, request, reply);
  });
  router.add("POST", "/v1/messages/count_tokens",
             [&environment](const http::Request& request, const SharedReply& reply) {
               answer_count(environment, request, *reply);
             });
}

}  // namespace api::anthropic
