#pragma once
// A small blocking HTTP client for tests, on plain sockets: it can also misbehave.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

struct HttpAnswer {
  int status = 0;  // 0: the connection ended before an answer
  std::string head;
  std::string body;

  // The value of a header; empty if there is none. `name` in lower case.
  std::string header(std::string_view name) const {
    const std::string start = "\r\n" + std::string(name) + ": ";
    const size_t at = head.find(start);
    if (at == std::string::npos) return {};
    return head.substr(at + start.size(), head.find("\r\n", at + 2) - at - start.size());
  }
};

class HttpClient {
 public:
  explicit HttpClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) leave();
  }
  HttpClient(HttpClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), rest_(std::move(other.rest_)) {}
  HttpClient& operator=(HttpClient&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(rest_, other.rest_);
    return *this;
  }
  ~HttpClient() { leave(); }

  bool is_connected() const { return socket_ >= 0; }
  void leave() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  int socket() const { return socket_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  static std::string request(std::string_view method, std::string_view path, std::string_view body = "",
                             std::string_view extra_headers = "") {
    std::string out = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" +
                      std::string(extra_headers);
    if (!body.empty())
      out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n" + std::string(body);
  }

  HttpAnswer ask(std::string_view method, std::string_view path, std::string_view body = "",
                 std::string_view extra_headers = "") {
    send(request(method, path, body, extra_headers));
    return receive(/*has_body=*/method != "HEAD");
  }

  // One answer; a chunked body is put together.
  HttpAnswer receive(bool has_body = true) {
    HttpAnswer out = receive_head();
    if (out.status == 0 || !has_body || out.status == 204) return out;
    if (out.header("transfer-encoding") == "chunked") {
      while (true) {
        const std::string chunk = receive_chunk();
        if (chunk.empty()) return out;
        out.body += chunk;
      }
    }
    const std::string length = out.header("content-length");
    if (length.empty()) {
      while (receive_more()) continue;
      out.body = std::exchange(rest_, {});
    } else {
      out.body = take(std::strtoul(length.c_str(), nullptr, 10));
    }
    return out;
  }

  HttpAnswer receive_head() {
    HttpAnswer out;
    size_t end = 0;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos)
      if (!receive_more()) return out;
    out.head = rest_.substr(0, end + 2);
    rest_.erase(0, end + 4);
    out.status = std::atoi(out.head.c_str() + 9);
    return out;
  }

  // The data of one chunk; empty at the end.
  std::string receive_chunk() {
    size_t end = 0;
    while ((end = rest_.find("\r\n")) == std::string::npos)
      if (!receive_more()) return {};
    const size_t size = std::strtoul(rest_.c_str(), nullptr, 16);
    rest_.erase(0, end + 2);
    std::string data = take(size);
    take(2);
    return data;
  }

  // Whether the server has closed the connection.
  bool at_end() { return rest_.empty() && !receive_more(); }

 private:
  bool receive_more() {
    char buffer[16384];
    const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    rest_.append(buffer, static_cast<size_t>(n));
    return true;
  }
  std::string take(size_t size) {
    while (rest_.size() < size)
      if (!receive_more()) return {};
    std::string out = rest_.substr(0, size);
    rest_.erase(0, size);
    return out;
  }

  int socket_;
  std::string rest_;
};

// The data of each event of a stream, comments left out.
inline std::vector<std::string> events_of(std::string_view stream) {
  std::vector<std::string> out;
  size_t at = 0;
  while (at < stream.size()) {
    const size_t end = stream.find("\n\n", at);
    const std::string_view event = stream.substr(at, end - at);
    if (event.starts_with("data: ")) out.emplace_back(event.substr(6));
    if (end == std::string_view::npos) break;
    at = end + 2;
  }
  return out;
}

}  // namespace tests
