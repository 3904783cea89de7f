#include "api/anthropic/batch_routes.h"

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "api/anthropic/batch_store.h"
#include "api/anthropic/errors.h"
#include "api/common/inference.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace api::anthropic {
namespace {

using base::Json;
using SharedReply = std::shared_ptr<http::Reply>;
using SharedStore = std::shared_ptr<BatchStore>;

// A digest of the key that the request came with, however it was sent; of nothing if the server has no keys.
std::string owner_of(const http::Request& request) {
  std::string_view key = request.headers.find("x-api-key").value_or("");
  if (key.empty()) key = request.headers.find("authorization").value_or("");
  constexpr std::string_view kBearer = "bearer ";
  if (base::to_lower_ascii(key.substr(0, kBearer.size())) == kBearer) key.remove_prefix(kBearer.size());
  return base::sha256_hex(std::as_bytes(std::span(base::trim(key))));
}

std::string id_of(const http::Request& request) {
  return std::string(request.path_parameter("id"));
}

Parsed<Json> create(BatchStore& store, const Environment& environment, const http::Request& request) {
  Batch batch;
  batch.items = TRY_PARSED(read_batch_items(TRY_PARSED(parse_body(request.body))));
  batch.id = base::cat("msgbatch_", unique_part(request));
  batch.owner = owner_of(request);
  batch.created_at = environment.unix_seconds();
  return store.add(std::move(batch));
}

void send(const http::Request& request, const Parsed<Json>& json, http::Reply& reply) {
  if (!json) return reply.send(error_response(json.error(), request.id));
  http::Response response = http::json_response(200, json->write());
  add_request_id(response, request.id);
  reply.send(std::move(response));
}

void send_results(const http::Request& request, Parsed<std::string> lines, http::Reply& reply) {
  if (!lines) return reply.send(error_response(lines.error(), request.id));
  http::Response response;
  response.headers.add("content-type", "application/x-jsonl");
  add_request_id(response, request.id);
  response.body = std::move(*lines);
  reply.send(std::move(response));
}

using OnOne = Parsed<Json> (BatchStore::*)(const std::string& owner, const std::string& id);

http::Handler on_one(const SharedStore& store, OnOne action) {
  return [store, action](const http::Request& request, const SharedReply& reply) {
    send(request, ((*store).*action)(owner_of(request), id_of(request)), *reply);
  };
}

}  // namespace

void add_batch_routes(http::Router& router, const Environment& environment) {
  const auto store = std::make_shared<BatchStore>(environment);
  const std::string all = "/v1/messages/batches", one = all + "/{id}";
  router.add("POST", all, [store, &environment](const http::Request& request, const SharedReply& reply) {
    send(request, create(*store, environment, request), *reply);
  });
  router.add("GET", all, [store](const http::Request& request, const SharedReply& reply) {
    send(request, store->list(owner_of(request)), *reply);
  });
  router.add("GET", one, on_one(store, &BatchStore::show));
  router.add("DELETE", one, on_one(store, &BatchStore::remove));
  router.add("POST", one + "/cancel", on_one(store, &BatchStore::cancel));
  router.add("GET", one + "/results", [store](const http::Request& request, const SharedReply& reply) {
    send_results(request, store->results(owner_of(request), id_of(request)), *reply);
  });
}

}  // namespace api::anthropic
