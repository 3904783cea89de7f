#include "api/server.h"

#include <atomic>
#include <ctime>
#include <functional>
#include <random>
#include <utility>

#include "api/authentication.h"
#include "api/browsers.h"
#include "api/common/environment.h"
#include "api/common/errors.h"
#include "api/dialects.h"
#include "api/page/routes.h"
#include "base/strings.h"
#include "serving/prompt.h"

namespace api {
namespace {

// Seeds for requests that bring none: unlike each other, and unlike those of the server's last run.
class SeedSource {
 public:
  uint64_t next() {
    uint64_t x = (n_.fetch_add(1) + start_) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) >> 11;  // 53 bits: exact in every JSON reader, should it be shown
  }

 private:
  static uint64_t random_start() {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
  }
  const uint64_t start_ = random_start();
  std::atomic<uint64_t> n_{0};
};

bool is_open(std::string_view path) {
  for (std::string_view open : kOpenPaths)
    if (path == open) return true;
  return false;
}

http::Response no_key(const http::Request& head) {
  ApiError error = protocol_error(401, "a valid API key is needed: send it as 'Authorization: Bearer KEY'");
  error.code = "invalid_api_key";
  http::Response response = dialect_of(head.path).error_response(error, head.id);
  response.headers.add("www-authenticate", "Bearer");
  return response;
}

http::Response foreign_page(const http::Request& head, std::string_view why) {
  ApiError error = protocol_error(403, std::string(why));
  error.code = "foreign_page";
  return dialect_of(head.path).error_response(error, head.id);
}

ApiError shutting_down() {
  ApiError error = protocol_error(503, "the server is ending: ask another one, or again soon");
  error.code = "shutting_down";
  error.retry_after_seconds = 1;
  return error;
}

http::Response fine() {
  return http::json_response(200, R"({"status":"ok"})");
}

// Handlers compute little, but one that waits for a model to be loaded holds its worker.
constexpr int kWorkers = 8;

class ApiServer : public Server {
 public:
  ApiServer(const ServerOptions& options, serving::ModelDirectory& models)
      : keys_(options.keys), models_(models), library_(options.library) {
    environment_.models = &models_;
    environment_.library = library_.get();
    environment_.unix_seconds = [] { return static_cast<int64_t>(std::time(nullptr)); };
    environment_.local_time = serving::local_time;
    environment_.caller = [this](const http::Request& request) { return keys_.id_of(request); };
    environment_.random_seed = [this] { return seeds_.next(); };
    add_probe("/health", [this] { return models_.is_ready() ? fine() : not_now(still_loading()); });
    add_probe("/v1/health/live", fine);
    for (const char* path : {"/ready", "/v1/health/ready"}) add_probe(path, [this] { return readiness(); });
    page::add_routes(router_, environment_);
    for (const Dialect& dialect : all_dialects()) dialect.add_routes(router_, environment_);
  }

  base::Status start(const ServerOptions& options) {
    http::ServerOptions http_options;
    http_options.host = options.host;
    http_options.port = options.port;
    http_options.limits = options.limits;
    http_options.n_workers = kWorkers;
    http_options.tls = options.tls;
    http_options.gate = [this](const http::Request& head) { return refuse(head); };
    http_options.error_response = [](const http::Request* request, int status, const std::string& sentence) {
      const ApiError error = protocol_error(status, sentence);
      if (!request) return dialect_of("").error_response(error, {});
      return dialect_of(request->path).error_response(error, request->id);
    };
    http_options.finish_response = [](const http::Request* request, http::Response& response) {
      if (request) add_cors_headers(*request, response);
    };
    http_ = TRY(http::Server::start(std::move(http_options), router_));
    return {};
  }

  uint16_t port() const override { return http_->port(); }
  std::string url() const override { return http_->url(); }
  void shutdown(std::chrono::milliseconds grace) override {
    is_ending_ = true;
    http_->shutdown(grace);
  }
  const http::Router& router() const override { return router_; }

 private:
  // On the server's own thread, so that work under way delays no answer.
  void add_probe(const char* path, std::function<http::Response()> answer) {
    auto handler = [answer = std::move(answer)](const http::Request&,
                                                const std::shared_ptr<http::Reply>& reply) {
      reply->send(answer());
    };
    router_.add("GET", path, handler, http::RunOn::server);
  }

  static http::Response not_now(const ApiError& why) { return dialect_of("/health").error_response(why, {}); }

  http::Response readiness() const {
    if (is_ending_) return not_now(shutting_down());
    return models_.is_ready() ? fine() : not_now(still_loading());
  }

  std::optional<http::Response> refuse(const http::Request& head) const {
    std::optional<http::Response> refusal = refuse_caller(head);
    if (!refusal && is_ending_ && !is_open(head.path))
      refusal = dialect_of(head.path).error_response(shutting_down(), head.id);
    return refusal;
  }

  std::optional<http::Response> refuse_caller(const http::Request& head) const {
    if (keys_.empty()) {
      const auto why = refusal_of_page(head);
      return why ? std::optional(foreign_page(head, *why)) : std::nullopt;
    }
    // A browser asks before it sends a key, and cannot send it with the question.
    if (is_open(head.path) || page::is_static(head.path) || head.method == "OPTIONS" || keys_.admits(head))
      return std::nullopt;
    return no_key(head);
  }

  KeyRing keys_;
  std::atomic<bool> is_ending_{false};
  SeedSource seeds_;
  serving::ModelDirectory& models_;
  std::shared_ptr<const serving::ModelLibrary> library_;
  Environment environment_;
  http::Router router_;
  std::unique_ptr<http::Server> http_;  // last: it stops before what its handlers use goes
};

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                                    serving::ModelDirectory& models) {
  if (options.keys.empty() && !http::is_loopback_host(options.host))
    return base::fail(base::Code::permission_denied,
                      base::cat("listening on ", options.host,
                                " without a key would let anybody in: give --api-key, or "
                                "stay with --host 127.0.0.1"));
  auto server = std::make_unique<ApiServer>(options, models);
  TRY(server->start(options));
  return server;
}

}  // namespace api
