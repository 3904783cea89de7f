#include "http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/strings.h"

namespace http {
namespace {

template <auto function>
struct Freed {
  template <class T>
  void operator()(T* thing) const {
    function(thing);
  }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using MethodPtr = std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>>;

int clamp_size(size_t n) {
  return static_cast<int>(std::min<size_t>(n, INT_MAX));
}

// ---- OpenSSL's own socket BIO writes with write(), which raises SIGPIPE when the peer has gone.

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
}

int report(BIO* bio, ssize_t n, void (*set_retry)(BIO*)) {
  BIO_clear_retry_flags(bio);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) set_retry(bio);
  return static_cast<int>(n);
}

int bio_write(BIO* bio, const char* data, int size) {
  const ssize_t n = ::send(socket_of(bio), data, static_cast<size_t>(size), MSG_NOSIGNAL);
  return report(bio, n, [](BIO* b) { BIO_set_retry_write(b); });
}

int bio_read(BIO* bio, char* data, int size) {
  const ssize_t n = ::recv(socket_of(bio), data, static_cast<size_t>(size), 0);
  return report(bio, n, [](BIO* b) { BIO_set_retry_read(b); });
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

MethodPtr make_bio_method() {
  MethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket without SIGPIPE"));
  if (!method) return nullptr;
  BIO_meth_set_write(method.get(), bio_write);
  BIO_meth_set_read(method.get(), bio_read);
  BIO_meth_set_ctrl(method.get(), bio_control);
  return method;
}

// ---- one connection

class TlsTransport final : public Transport {
 public:
  TlsTransport(SslPtr ssl, int socket, std::shared_ptr<const TlsContext> context)
      : context_(std::move(context)), ssl_(std::move(ssl)), socket_(socket) {}

  Moved read(std::span<char> into) override {
    ERR_clear_error();
    return moved(SSL_read(ssl_.get(), into.data(), clamp_size(into.size())));
  }
  Moved write(std::string_view bytes) override {
    ERR_clear_error();
    return moved(SSL_write(ssl_.get(), bytes.data(), clamp_size(bytes.size())));
  }
  void end_writing() override {
    ERR_clear_error();
    if (!failed_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ::shutdown(socket_, SHUT_WR);
  }

 private:
  Moved moved(int n) {
    if (n > 0) return {State::moved, static_cast<size_t>(n)};
    const int error = SSL_get_error(ssl_.get(), n);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {State::would_block, 0};
    failed_ = true;
    return {State::ended, 0};
  }

  std::shared_ptr<const TlsContext> context_;  // first: it outlives the connection's part
  SslPtr ssl_;
  int socket_;
  bool failed_ = false;
};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int status = SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size);
  *out = chosen;
  return status == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

std::string last_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "OpenSSL gives no reason";
}

class OpenSslContext final : public TlsContext, public std::enable_shared_from_this<OpenSslContext> {
 public:
  OpenSslContext() : context_(SSL_CTX_new(TLS_server_method())), method_(make_bio_method()) {}

  base::Status load_files(const std::string& certificate_file, const std::string& key_file) {
    SSL_CTX* context = context_.get();
    if (!context || !method_) return base::fail(base::Code::internal, "OpenSSL cannot be started");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    // What write() was given may move between two attempts, and part of it may go.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
      return base::fail(base::Code::invalid_argument,
                        base::cat("'", certificate_file, "' is no certificate in PEM form: ", last_error()));
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
      return base::fail(
          base::Code::invalid_argument,
          base::cat("'", key_file, "' is not the certificate's key in PEM form: ", last_error()));
    return {};
  }

  std::unique_ptr<Transport> accept(int socket) const override {
    SslPtr ssl(SSL_new(context_.get()));
    BIO* bio = ssl ? BIO_new(method_.get()) : nullptr;
    if (!bio) return nullptr;
    BIO_set_data(
        bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));  // NOLINT(performance-no-int-to-ptr)
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_accept_state(ssl.get());
    return std::make_unique<TlsTransport>(std::move(ssl), socket, shared_from_this());
  }

 private:
  ContextPtr context_;
  MethodPtr method_;
};

}  // namespace

base::Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& certificate_file,
                                                                 const std::string& key_file) {
  auto context = std::make_shared<OpenSslContext>();
  TRY(context->load_files(certificate_file, key_file));
  return std::shared_ptr<const TlsContext>(std::move(context));
}

}  // namespace http
