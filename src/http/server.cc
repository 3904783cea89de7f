#include "http/server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>
#include <future>
#include <random>
#include <thread>
#include <utility>

#include "base/strings.h"
#include "http/connection.h"

namespace http {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

uint64_t random_key() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// SplitMix64's mixing step: neighbours become strangers.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

Core::Core(ServerOptions options_given, Router router_given)
    : options(std::move(options_given)),
      router(std::move(router_given)),
      id_key(random_key()),
      tls(options.tls),
      scratch(size_t{64} << 10),
      workers(static_cast<size_t>(options.n_workers)) {}

std::string Core::new_request_id() {
  char text[40];
  const uint64_t first = mix(id_key + ++n_ids), second = mix(first);
  std::snprintf(text, sizeof text, "req_%016llx%08llx", static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(second >> 32));
  return text;
}

Response Core::error(const Request* request, int status, const std::string& sentence) const {
  if (options.error_response) return options.error_response(request, status, sentence);
  Response response{status, {}, sentence + "\n"};
  response.headers.add("content-type", "text/plain; charset=utf-8");
  return response;
}

namespace {

// A server wants one descriptor per connection; the usual soft limit is 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

base::Result<tcp::endpoint> find_address(asio::io_context& io, const std::string& host, uint16_t port) {
  boost::system::error_code error;
  const std::string bare =
      host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
  const auto found = tcp::resolver(io).resolve(bare, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty())
    return base::fail(base::Code::invalid_argument,
                      base::cat("'", host, "' is no address to listen on: give one with --host"));
  for (const auto& entry : found)  // 127.0.0.1 before ::1, where a name stands for both
    if (entry.endpoint().address().is_v4()) return entry.endpoint();
  return found.begin()->endpoint();
}

base::Status listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, const std::string& host) {
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use)
    return base::fail(base::Code::already_exists,
                      base::cat("port ", endpoint.port(),
                                " is taken by another program: "
                                "choose another with --port (0 takes any free one)"));
  if (error)
    return base::fail(base::Code::io_error,
                      base::cat("cannot listen on ", host, " port ", endpoint.port(), ": ", error.message()));
  return {};
}

std::string url_of(const tcp::endpoint& endpoint, bool has_tls) {
  const std::string address = endpoint.address().to_string();
  return base::cat(has_tls ? "https://" : "http://",
                   endpoint.address().is_v6() ? base::cat("[", address, "]") : address, ":", endpoint.port());
}

// Takes over a socket that the service manager has opened.
base::Status adopt(tcp::acceptor& acceptor, int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int is_listening = 0;
  socklen_t flag_size = sizeof is_listening;
  const bool is_known = getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
                        getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag_size) == 0;
  const bool is_tcp = address.ss_family == AF_INET || address.ss_family == AF_INET6;
  if (!is_known || !is_listening || !is_tcp)
    return base::fail(base::Code::invalid_argument,
                      base::cat("descriptor ", socket, " is no listening TCP socket"));
  boost::system::error_code error;
  acceptor.assign(address.ss_family == AF_INET ? tcp::v4() : tcp::v6(), socket, error);
  if (error)
    return base::fail(base::Code::io_error,
                      base::cat("descriptor ", socket, " cannot be listened on: ", error.message()));
  return {};
}

// What is thrown out of one connection's work (memory is short, say) must not end the others'.
void serve_until_stopped(asio::io_context& io) {
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception&) {
      continue;
    }
  }
}

class AsioServer : public Server {
 public:
  AsioServer(ServerOptions options, Router router)
      : core_(std::make_shared<Core>(std::move(options), std::move(router))),
        acceptor_(core_->io),
        pause_(core_->io) {}

  ~AsioServer() override { shutdown(std::chrono::milliseconds(0)); }

  base::Status start() {
    raise_descriptor_limit();
    TRY(open_acceptor());
    asio::co_spawn(core_->io, accept(), asio::detached);
    thread_ = std::thread([core = core_.get()] { serve_until_stopped(core->io); });
    return {};
  }

  uint16_t port() const override { return endpoint_.port(); }
  std::string url() const override { return url_of(endpoint_, core_->options.tls != nullptr); }
  void set_tls(std::shared_ptr<const TlsContext> tls) override {
    asio::post(core_->io, [core = core_.get(), tls = std::move(tls)] { core->tls = tls; });
  }

  size_t n_connections() const override {
    std::lock_guard lock(core_->mutex);
    return core_->n_connections;
  }

  void shutdown(std::chrono::milliseconds grace) override {
    if (!thread_.joinable()) return;
    asio::post(core_->io, [this] {
      core_->draining = true;
      for_each_connection([](Connection& connection) { connection.finish_soon(); });
      {
        std::lock_guard lock(core_->mutex);
        core_->has_looked = true;
      }
      core_->something_ended.notify_all();
    });
    wait_until([this] { return core_->has_looked && core_->n_answering == 0; }, grace);
    asio::post(core_->io, [this] {
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      for_each_connection([](Connection& connection) { connection.abort(); });
    });
    wait_until([this] { return core_->n_connections == 0; }, std::chrono::milliseconds(1000));
    core_->workers.join();
    work_.reset();
    core_->io.stop();
    thread_.join();
  }

 private:
  base::Status open_acceptor() {
    const ServerOptions& options = core_->options;
    if (options.listening_socket >= 0) {
      TRY(adopt(acceptor_, options.listening_socket));
    } else {
      const tcp::endpoint wanted = TRY(find_address(core_->io, options.host, options.port));
      TRY(listen(acceptor_, wanted, options.host));
    }
    endpoint_ = acceptor_.local_endpoint();
    return {};
  }

  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      if (!acceptor_.is_open()) co_return;
      if (!error) serve(std::move(socket));
      // Out of descriptors, or full: those that wait in the kernel's queue wait a little longer.
      while (acceptor_.is_open() && (error || core_->connections.size() >= core_->options.max_connections)) {
        error = {};
        pause_.expires_after(std::chrono::milliseconds(100));
        co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
      }
    }
  }

  void serve(tcp::socket socket) {
    const int handle = socket.native_handle();
    auto transport = core_->tls ? core_->tls->accept(handle) : make_plain_transport(handle);
    if (!transport) return;
    {
      std::lock_guard lock(core_->mutex);
      ++core_->n_connections;
    }
    auto connection = std::make_shared<Connection>(core_, std::move(socket), std::move(transport));
    core_->connections[connection.get()] = connection;
    asio::co_spawn(core_->io, [connection] { return connection->run(); }, asio::detached);
  }

  template <class Action>
  void for_each_connection(Action action) {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, weak] : core_->connections)
      if (auto connection = weak.lock()) all.push_back(std::move(connection));
    for (const auto& connection : all) action(*connection);
  }

  // The condition is looked at under the core's lock.
  template <class Condition>
  void wait_until(Condition condition, std::chrono::milliseconds limit) {
    std::unique_lock lock(core_->mutex);
    core_->something_ended.wait_for(lock, limit, condition);
  }

  std::shared_ptr<Core> core_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{core_->io.get_executor()};
  tcp::endpoint endpoint_;
  std::thread thread_;
};

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Router router) {
  auto server = std::make_unique<AsioServer>(std::move(options), std::move(router));
  TRY(server->start());
  return server;
}

bool is_loopback_host(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

}  // namespace http
