#include "api/dashscope/routes.h"

#include <memory>
#include <utility>

#include "api/common/inference.h"
#include "api/dashscope/errors.h"
#include "api/dashscope/reply_writer.h"
#include "api/dashscope/requests.h"

namespace api::dashscope {
namespace {

using SharedReply = std::shared_ptr<http::Reply>;

struct Prepared {
  Inference inference;
  ReplyFrame frame;
};

// A header says whether the answer shall be streamed.
bool wants_stream(const http::Request& request) {
  const auto sse = request.headers.find("x-dashscope-sse");
  if (sse) return http::equal_ignoring_case(*sse, "enable");
  return request.headers.find("accept").value_or("").find("text/event-stream") != std::string_view::npos;
}

Parsed<Prepared> prepare(const Environment& environment, const http::Request& request) {
  GenerationRequest asked = TRY_PARSED(read_generation_request(TRY_PARSED(parse_body(request.body))));
  asked.asked.stream = wants_stream(request);
  Prepared out;
  asked.chat.cache_salt = salt_of(environment, request, asked.asked);
  out.inference.model = TRY_PARSED(find_model(environment, asked.asked.model));
  drop_if_unused(*out.inference.model, asked.chat.variables, "enable_thinking", "parameters.enable_thinking",
                 asked.asked.ignored);
  out.inference.prompts.push_back(TRY_PARSED(chat_prompt(
      environment, *out.inference.model, std::move(asked.chat), asked.asked.ignored, "input.messages")));
  out.inference.prompt_field = "input.messages";
  out.inference.asked = std::move(asked.asked);
  out.frame = {.request_id = request.id, .as_message = asked.as_message, .incremental = asked.incremental};
  return out;
}

}  // namespace

void add_routes(http::Router& router, const Environment& environment) {
  const auto generate = [&environment](const http::Request& request, const SharedReply& reply) {
    auto prepared = prepare(environment, request);
    if (!prepared) return reply->send(error_response(prepared.error(), request.id));
    run_inference(environment, std::move(prepared->inference), reply_writer(std::move(prepared->frame)),
                  request, reply);
  };
  router.add("POST", "/api/v1/services/aigc/text-generation/generation", generate);
  router.add("POST", "/api/v1/services/aigc/multimodal-generation/generation", generate);
}

}  // namespace api::dashscope
