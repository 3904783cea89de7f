#include "http/transport.h"

#include <sys/socket.h>

#include <cerrno>

namespace http {
namespace {

Transport::Moved moved(ssize_t n) {
  if (n > 0) return {Transport::State::moved, static_cast<size_t>(n)};
  const bool again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return {again ? Transport::State::would_block : Transport::State::ended, 0};
}

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int socket) : socket_(socket) {}
  Moved read(std::span<char> into) override { return moved(::recv(socket_, into.data(), into.size(), 0)); }
  Moved write(std::string_view bytes) override {
    return moved(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void end_writing() override { ::shutdown(socket_, SHUT_WR); }

 private:
  int socket_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(int socket) {
  return std::make_unique<PlainTransport>(socket);
}

}  // namespace http
