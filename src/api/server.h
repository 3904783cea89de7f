#pragma once
// The server as a whole: every dialect's routes behind one door with one lock.
//
// It listens at once and answers /health and /ready with 503 until its models are ready. While it shuts down
// /ready tells that, and only kOpenPaths are still served. Every path but those needs a key if keys were
// given; without keys only loopback is listened on.
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/server.h"
#include "http/tls.h"
#include "serving/model_directory.h"
#include "serving/model_library.h"

namespace api {

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 11434;  // 0: any free one
  std::vector<std::string> keys;
  http::Limits limits;
  std::shared_ptr<const http::TlsContext> tls;  // null: plain HTTP
  // What clients may list, pull and delete beside the models of the directory; null: nothing.
  std::shared_ptr<const serving::ModelLibrary> library;
};

// For those who watch the server: served without a key, and to the end.
inline constexpr std::array<std::string_view, 4> kOpenPaths = {"/health", "/ready", "/v1/health/live",
                                                               "/v1/health/ready"};

class Server {
 public:
  // Serves what the directory, which outlives the server, knows, once that is ready.
  // Code::permission_denied if `host` is not loopback and there is no key; otherwise as http::Server::start.
  static base::Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                                     serving::ModelDirectory& models);
  virtual ~Server() = default;

  virtual uint16_t port() const = 0;
  virtual std::string url() const = 0;  // "http://127.0.0.1:11434"
  // Refuses what is new, lets running answers end for up to `grace`, cuts off the rest. The engines may go
  // afterwards.
  virtual void shutdown(std::chrono::milliseconds grace) = 0;
  virtual const http::Router& router() const = 0;  // every route, for tests
};

}  // namespace api
