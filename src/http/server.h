#pragma once
// An HTTP/1.1 server: connections, keep-alive, limits, time-outs, streams. It has never heard of a model.
//
// One thread serves all connections and never computes; handlers run on a few worker threads (or, if a route
// says so, on the server's thread). A client that leaves is noticed at once, because the read side of its
// connection is watched while its answer is made. As with most servers, a client that shuts down only its
// sending side counts as gone.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request_reader.h"
#include "http/router.h"
#include "http/tls.h"

namespace http {

// What became of one request, once its answer has ended or its client has left.
struct AccessRecord {
  const Request* request = nullptr;  // without its body; null if none could be read
  std::string_view request_id;
  std::string_view route;  // the pattern that matched; empty: none
  int status = 0;
  size_t response_bytes = 0;         // of head and body, as sent
  double seconds = 0;                // from the end of the request to the end of the answer
  double first_byte_seconds = 0;     // to the head of the answer
  bool client_left = false;          // before the answer had ended
  std::span<const Parameter> notes;  // what the handler has told with Reply::note
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  int listening_socket =
      -1;  // one that listens already, which the server then owns, instead of host and port
  std::shared_ptr<const TlsContext> tls;  // null: plain HTTP
  int n_workers = 2;
  size_t max_connections = 4096;
  Limits limits;
  std::chrono::milliseconds idle_timeout{75'000};  // between two requests
  std::chrono::milliseconds head_timeout{20'000};  // from the first byte of a request to the end of its head
  std::chrono::milliseconds body_timeout{60'000};  // between two pieces of a body
  std::chrono::milliseconds write_timeout{120'000};  // for a client that takes nothing

  // Sees each request before its body is read; an answer of its own refuses the request.
  std::function<std::optional<Response>(const Request& head)> gate;
  // The shape of an error that the server itself finds (malformed request, 404, 405, 413, ...); `request` is
  // null if none could be read.
  std::function<Response(const Request* request, int status, const std::string& sentence)> error_response;
  // Last touch on every response; `request` is null if none could be read.
  std::function<void(const Request* request, Response& response)> finish_response;
  // Called on the server's thread: quick, never blocks.
  std::function<void(const AccessRecord& record)> on_answered;
};

class Server {
 public:
  // Listens and serves. Code::already_exists if the port is taken, Code::invalid_argument if the host is not
  // an address of this machine.
  static base::Result<std::unique_ptr<Server>> start(ServerOptions options, Router router);
  virtual ~Server() = default;  // as shutdown(0)

  virtual uint16_t port() const = 0;
  // "http://127.0.0.1:11434"
  virtual std::string url() const = 0;
  // From the next connection on. REQUIRES: the server began with TLS, and `tls` is not null.
  virtual void set_tls(std::shared_ptr<const TlsContext> tls) = 0;
  // Closes idle connections and lets running answers end for up to `grace`, then stops listening and closes
  // what is left. Meanwhile new connections get one answer each: of routes on the server's thread, so that
  // probes learn what happens; of all others 503.
  virtual void shutdown(std::chrono::milliseconds grace) = 0;
  virtual size_t n_connections() const = 0;
};

// "localhost", 127.0.0.0/8 and ::1.
bool is_loopback_host(const std::string& host);

}  // namespace http
