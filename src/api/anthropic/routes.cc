#include "api/anthropic/routes.h"

#include <memory>
#include <utility>

#include "api/anthropic/batch_routes.h"
#include "api/anthropic/errors.h"
#include "api/anthropic/message_writer.h"
#include "api/anthropic/prepare.h"
#include "api/common/inference.h"

namespace api::anthropic {
namespace {

using base::Json;
using SharedReply = std::shared_ptr<http::Reply>;

Parsed<Prepared> prepare(const Environment& environment, const http::Request& request) {
  return prepare_message(environment, TRY_PARSED(parse_body(request.body)), unique_part(request), request.id);
}

void answer(const Environment& environment, const http::Request& request, const SharedReply& reply) {
  auto prepared = prepare(environment, request);
  if (!prepared) return reply->send(error_response(prepared.error(), request.id));
  run_inference(environment, std::move(prepared->inference), message_writer(std::move(prepared->frame)),
                request, reply);
}

Parsed<Json> count(const Environment& environment, const http::Request& request) {
  const serving::Prompt prompt = TRY_PARSED(prepare_count(environment, TRY_PARSED(parse_body(request.body))));
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
  add_batch_routes(router, environment);
}

}  // namespace api::anthropic
