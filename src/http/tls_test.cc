#include "http/tls.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>

#include "tests/support/running_server.h"
#include "tests/temp_dir.h"

namespace http {
namespace {

using tests::HttpClient;
using tests::Running;

// A certificate for `name`, signed by its own key, in two PEM files.
struct Certificate {
  Certificate(const std::filesystem::path& folder, const std::string& name)
      : certificate_file(folder / (name + ".crt")), key_file(folder / (name + ".key")) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    EXPECT_GT(X509_sign(certificate, key, EVP_sha256()), 0);
    FILE* file = std::fopen(certificate_file.c_str(), "w");
    EXPECT_EQ(PEM_write_X509(file, certificate), 1);
    std::fclose(file);
    file = std::fopen(key_file.c_str(), "w");
    EXPECT_EQ(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  std::shared_ptr<const TlsContext> context() const {
    auto loaded = TlsContext::load(certificate_file, key_file);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : nullptr;
  }

  std::string certificate_file, key_file;
};

// A blocking client, which trusts anybody.
class TlsClient {
 public:
  explicit TlsClient(uint16_t port, int most_version = TLS1_3_VERSION)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_, most_version);
    ssl_ = SSL_new(context_);
    const unsigned char protocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl_, protocols, sizeof protocols - 1);
    SSL_set_fd(ssl_, socket_.socket());
    is_connected = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  std::string peer() const {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }
  void send(const std::string& bytes) { SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())); }
  // Reads until `end` has come, or the connection has ended.
  std::string receive_until(const std::string& end) {
    std::string out;
    char buffer[20'000];
    while (out.find(end) == std::string::npos) {
      const int n = SSL_read(ssl_, buffer, sizeof buffer);
      if (n <= 0) break;
      out.append(buffer, static_cast<size_t>(n));
    }
    return out;
  }
  void leave() { socket_.leave(); }

  bool is_connected = false;

 private:
  HttpClient socket_;
  SSL_CTX* context_;
  SSL* ssl_;
};

ServerOptions with_tls(const Certificate& certificate) {
  ServerOptions options;
  options.tls = certificate.context();
  return options;
}

TEST(Tls, ServesRequestsOfAnySizeOverOneConnection) {
  const tests::TempDir dir;
  Running running(with_tls({dir.path(), "one.example"}));
  EXPECT_TRUE(running.server->url().starts_with("https://"));
  TlsClient client(running.server->port());
  ASSERT_TRUE(client.is_connected);
  EXPECT_EQ(client.protocol(), "http/1.1");
  client.send(HttpClient::request("GET", "/hello?1"));
  EXPECT_NE(client.receive_until("hello 1").find("HTTP/1.1 200"), std::string::npos);
  const std::string large(3'000'000, 'x');
  client.send(HttpClient::request("POST", "/echo", large + "END"));
  EXPECT_GT(client.receive_until("END").size(), large.size());
}

TEST(Tls, StreamsAndNoticesALeavingClient) {
  const tests::TempDir dir;
  Running running(with_tls({dir.path(), "one.example"}));
  TlsClient client(running.server->port());
  client.send(HttpClient::request("POST", "/stream", "x"));
  running.await_stream();
  running.faucet->pour("a piece");
  EXPECT_NE(client.receive_until("a piece").find("a piece"), std::string::npos);
  client.leave();
  EXPECT_TRUE(tests::comes_true([&] { return running.disconnected.load(); }));
}

TEST(Tls, RefusesOldVersionsAndPlainHttp) {
  const tests::TempDir dir;
  Running running(with_tls({dir.path(), "one.example"}));
  EXPECT_FALSE(TlsClient(running.server->port(), TLS1_2_VERSION).is_connected);
  HttpClient plain = running.client();
  EXPECT_EQ(plain.ask("GET", "/hello").status, 0);
  EXPECT_TRUE(TlsClient(running.server->port()).is_connected);
}

TEST(Tls, ANewCertificateServesNewConnectionsAndOldOnesGoOn) {
  const tests::TempDir dir;
  Running running(with_tls({dir.path(), "old.example"}));
  TlsClient before(running.server->port());
  running.server->set_tls(Certificate(dir.path(), "new.example").context());
  before.send(HttpClient::request("GET", "/hello?1"));
  EXPECT_NE(before.receive_until("hello 1").find("hello 1"), std::string::npos);
  EXPECT_EQ(before.peer(), "old.example");
  EXPECT_EQ(TlsClient(running.server->port()).peer(), "new.example");
}

TEST(Tls, NamesTheFileThatIsWrong) {
  const tests::TempDir dir;
  const Certificate one(dir.path(), "one"), other(dir.path(), "other");
  const auto no_file = TlsContext::load(dir.path() / "absent.crt", one.key_file);
  ASSERT_FALSE(no_file);
  EXPECT_NE(no_file.error().message.find("absent.crt"), std::string::npos);
  const auto wrong_key = TlsContext::load(one.certificate_file, other.key_file);
  ASSERT_FALSE(wrong_key);
  EXPECT_NE(wrong_key.error().message.find("other.key"), std::string::npos);
}

}  // namespace
}  // namespace http
