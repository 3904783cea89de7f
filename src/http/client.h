#pragma once
// One request to a server, waiting for the whole answer: for commands that ask a running domicile.
#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace http {

struct ClientRequest {
  std::string host = "127.0.0.1";  // a name or an address
  uint16_t port = 80;
  std::string method = "GET";
  std::string target = "/";  // path and query
  Headers headers;           // Host, Connection and Content-Length are added
  std::string body;
  std::chrono::milliseconds timeout{
      10'000};                   // for each of connecting, sending, and the next bytes of the answer
  size_t most_bytes = 64 << 20;  // of the answer
};

// Code::unavailable if nobody listens there or the answer does not come, Code::corrupt if it is not HTTP or
// cut.
base::Result<Response> fetch(const ClientRequest& request);

}  // namespace http
