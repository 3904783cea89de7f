#include "api/openai/models.h"

#include <memory>
#include <string>
#include <utility>

#include "api/openai/errors.h"
#include "base/json.h"

namespace api::openai {
namespace {

using base::Json;

Json card(const serving::ModelDirectory::Description& description) {
  Json out(Json::Object{});
  out.set("id", description.entry.id);
  out.set("object", "model");
  out.set("created", description.entry.created);
  out.set("owned_by", "domicile");
  if (description.model) out.set("max_model_len", description.model->engine->context_tokens());
  return out;
}

void list(const serving::ModelDirectory& models, http::Reply& reply) {
  if (!models.is_ready()) return reply.send(error_response(still_loading()));
  Json data(Json::Array{});
  for (const auto& description : models.all()) data.push_back(card(description));
  Json out(Json::Object{});
  out.set("object", "list");
  out.set("data", std::move(data));
  reply.send(http::json_response(200, out.write()));
}

void show(const serving::ModelDirectory& models, const std::string& id, http::Reply& reply) {
  if (!models.is_ready()) return reply.send(error_response(still_loading()));
  const auto description = models.describe(id);
  if (!description) return reply.send(error_response(model_not_found(id)));
  reply.send(http::json_response(200, card(*description).write()));
}

}  // namespace

void add_model_routes(http::Router& router, const serving::ModelDirectory& models) {
  router.add(
      "GET", "/v1/models",
      [&models](const http::Request&, const std::shared_ptr<http::Reply>& reply) { list(models, *reply); },
      http::RunOn::server);
  router.add(
      "GET", "/v1/models/{id...}",
      [&models](const http::Request& request, const std::shared_ptr<http::Reply>& reply) {
        show(models, std::string(request.path_parameter("id")), *reply);
      },
      http::RunOn::server);
}

}  // namespace api::openai
