#include "http/client.h"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/strings.h"
#include "platform/unique_fd.h"

namespace http {
namespace {

using base::cat;
using base::Code;

namespace beast_http = boost::beast::http;

std::string place_of(const ClientRequest& request) {
  return cat(request.host, ":", request.port);
}

std::unexpected<base::Error> unavailable(const ClientRequest& request, std::string_view why) {
  return base::fail(Code::unavailable, cat("no answer from ", place_of(request), ": ", why));
}

std::string last_error() {
  if (errno == EAGAIN || errno == EINPROGRESS) return "it took too long";
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): glibc's is safe for known numbers
}

void limit_time(int socket, std::chrono::milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // holds for connect() too
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

// The first of the host's addresses where somebody listens.
base::Result<platform::UniqueFd> connect_to(const ClientRequest& request) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = cat(request.port);
  if (const int error = ::getaddrinfo(request.host.c_str(), port.c_str(), &hints, &found); error != 0)
    return unavailable(request, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::string problem = "it has no address";
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    platform::UniqueFd socket(::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol));
    if (socket.get() < 0) continue;
    limit_time(socket.get(), request.timeout);
    if (::connect(socket.get(), each->ai_addr, each->ai_addrlen) == 0) return socket;
    problem = last_error();
  }
  return unavailable(request, problem);
}

std::string bytes_of(const ClientRequest& request) {
  std::string out = cat(request.method, " ", request.target, " HTTP/1.1\r\nHost: ", place_of(request),
                        "\r\nConnection: close\r\n");
  for (const Header& header : request.headers.all()) out += cat(header.name, ": ", header.value, "\r\n");
  if (!request.body.empty() || request.method == "POST")
    out += cat("Content-Length: ", request.body.size(), "\r\n");
  return cat(out, "\r\n", request.body);
}

base::Status send_all(const ClientRequest& request, int socket) {
  const std::string bytes = bytes_of(request);
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    // A server that refuses a body early has answered before it closes.
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
    if (n < 0) return unavailable(request, last_error());
    sent += static_cast<size_t>(n);
  }
  return {};
}

using Parser = beast_http::response_parser<beast_http::string_body>;

base::Status receive(const ClientRequest& request, int socket, Parser& parser) {
  std::string pending;
  boost::system::error_code error;
  char buffer[16384];
  while (!parser.is_done()) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unavailable(request, last_error());
    if (n == 0) {
      if (!parser.got_some()) return unavailable(request, "it closed the connection");
      parser.put_eof(error);
      if (error) return base::fail(Code::corrupt, cat("the answer of ", place_of(request), " is cut"));
      return {};
    }
    pending.append(buffer, static_cast<size_t>(n));
    while (!pending.empty() && !parser.is_done()) {
      pending.erase(0, parser.put(boost::asio::buffer(pending), error));
      if (error == beast_http::error::need_more) break;
      if (error)
        return base::fail(Code::corrupt,
                          cat("the answer of ", place_of(request), " is no proper HTTP: ", error.message()));
    }
  }
  return {};
}

}  // namespace

base::Result<Response> fetch(const ClientRequest& request) {
  const platform::UniqueFd socket = TRY(connect_to(request));
  TRY(send_all(request, socket.get()));
  Parser parser;
  parser.body_limit(request.most_bytes);
  parser.eager(true);
  if (request.method == "HEAD") parser.skip(true);
  TRY(receive(request, socket.get(), parser));
  auto& message = parser.get();
  Response response{
      .status = static_cast<int>(message.result_int()), .headers = {}, .body = std::move(message.body())};
  for (const auto& field : message)
    response.headers.add(std::string(field.name_string()), std::string(field.value()));
  return response;
}

}  // namespace http
