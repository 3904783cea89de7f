#include "api/openai/models.h"

#include <memory>
#include <string>
#include <utility>

#include "api/anthropic/errors.h"
#include "api/common/timestamp.h"
#include "api/openai/errors.h"
#include "base/json.h"

namespace api::openai {
namespace {

using base::Json;

// Both dialects' clients ask here; Anthropic's send the version that they speak.
http::Response refusal(const http::Request& request, const ApiError& error) {
  if (request.headers.find("anthropic-version")) return anthropic::error_response(error, request.id);
  return error_response(error);
}

// OpenAI's members, then Anthropic's.
Json card(const serving::ModelDirectory::Description& description) {
  Json out(Json::Object{});
  out.set("id", description.entry.id);
  out.set("object", "model");
  out.set("created", description.entry.created);
  out.set("owned_by", "domicile");
  if (description.model) out.set("max_model_len", description.model->engine->context_tokens());
  out.set("type", "model");
  out.set("display_name", description.entry.id);
  out.set("created_at", rfc3339(description.entry.created));
  out.set("lifecycle", "active");
  if (description.model) out.set("max_input_tokens", description.model->engine->context_tokens());
  return out;
}

Json id_of(const Json& one) {
  return *one.find("id");
}

// All on one page.
void list(const serving::ModelDirectory& models, const http::Request& request, http::Reply& reply) {
  if (!models.is_ready()) return reply.send(refusal(request, still_loading()));
  Json data(Json::Array{});
  for (const auto& description : models.all()) data.push_back(card(description));
  Json out(Json::Object{});
  out.set("object", "list");
  out.set("has_more", false);
  out.set("first_id", data.as_array().empty() ? Json() : id_of(data.as_array().front()));
  out.set("last_id", data.as_array().empty() ? Json() : id_of(data.as_array().back()));
  out.set("data", std::move(data));
  reply.send(http::json_response(200, out.write()));
}

void show(const serving::ModelDirectory& models, const http::Request& request, http::Reply& reply) {
  if (!models.is_ready()) return reply.send(refusal(request, still_loading()));
  const std::string id(request.path_parameter("id"));
  const auto description = models.describe(id);
  if (!description) return reply.send(refusal(request, model_not_found(id)));
  reply.send(http::json_response(200, card(*description).write()));
}

}  // namespace

void add_model_routes(http::Router& router, const serving::ModelDirectory& models,
                      const std::string& prefix) {
  router.add(
      "GET", prefix + "/models",
      [&models](const http::Request& request, const std::shared_ptr<http::Reply>& reply) {
        list(models, request, *reply);
      },
      http::RunOn::server);
  router.add(
      "GET", prefix + "/models/{id...}",
      [&models](const http::Request& request, const std::shared_ptr<http::Reply>& reply) {
        show(models, request, *reply);
      },
      http::RunOn::server);
}

}  // namespace api::openai
