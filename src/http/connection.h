#pragma once
// One connection of the server; only server.cc and connection.cc know of it.
//
// Everything in here but the members of Exchange that say so happens on the server's one thread, so nothing
// is locked. Data is read in one place, start_reading(), which keeps a read pending as long as there is room:
// that is how a client's leaving is seen while its answer is made, and where pipelined requests wait.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/reply.h"
#include "http/request_reader.h"
#include "http/router.h"
#include "http/server.h"

namespace http {

class Connection;

// What all connections share.
struct Core {
  Core(ServerOptions options_given, Router router_given);

  std::string new_request_id();
  Response error(const Request* request, int status, const std::string& sentence) const;

  const ServerOptions options;
  const Router router;
  std::string url;
  const uint64_t id_key;
  uint64_t n_ids = 0;
  std::shared_ptr<const TlsContext> tls;  // of connections to come; null: none
  std::vector<char> scratch;              // where reads land before they are copied to their connection
  bool draining = false;
  std::map<Connection*, std::weak_ptr<Connection>> connections;

  std::mutex mutex;
  std::condition_variable something_ended;
  // Guarded by mutex; for other threads.
  size_t n_connections = 0;
  size_t n_answering = 0;   // connections whose request is complete and whose answer is not
  bool has_looked = false;  // the server's thread knows that it is draining

  boost::asio::thread_pool workers;
  boost::asio::io_context io{1};  // last: its end destroys the coroutines, which use the rest
};

// One request and its answer. The handler's side may be called from any thread and outlive the server.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::weak_ptr<Core> core, std::weak_ptr<Connection> connection)
      : core_(std::move(core)), connection_(std::move(connection)) {}

  // Any thread.
  void answer(Response response, std::unique_ptr<BodySource> source, StreamOptions options);
  void wake();
  void on_disconnect(std::function<void()> callback);
  void run(std::function<void()> work);
  void note(std::string_view key, std::string value);

  // Server's thread.
  void client_left();
  void end();

  // Server's thread only.
  bool answered = false;
  Response response;
  std::unique_ptr<BodySource> source;  // null: the response is whole
  StreamOptions stream_options;
  std::vector<Parameter> notes;

  std::atomic<bool> news{false};  // the source was woken and not read since

 private:
  template <class Work>
  void post(Work work);
  void signal();

  std::weak_ptr<Core> core_;
  std::weak_ptr<Connection> connection_;
  std::function<void()> disconnect_callback_;
  bool left_ = false, ended_ = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const std::shared_ptr<Core>& core, boost::asio::ip::tcp::socket socket,
             std::unique_ptr<Transport> transport);
  ~Connection();

  boost::asio::awaitable<void> run();
  void signal() { wake_.cancel(); }
  // The server is draining: ends now if no answer is being made, else after it.
  void finish_soon();
  // Ends at once.
  void abort();

 private:
  using Clock = std::chrono::steady_clock;
  using Awaitable = boost::asio::awaitable<bool>;

  void start_reading();
  void received(bool ended);
  Awaitable signalled(Clock::time_point deadline);

  // Each tells whether the connection goes on.
  Awaitable read_request();
  Awaitable head_arrived();
  Awaitable answer_request();
  Awaitable answer_from_handler(Request request);
  Awaitable refuse_and_close(const Request* request, Response response);
  Awaitable write_whole(const Request* request, Response response);
  Awaitable write_stream(const Request& request, Exchange& exchange);
  Awaitable write(std::string_view bytes);
  boost::asio::awaitable<void> linger();

  std::optional<Response> refusal_of_head();
  std::optional<Response> refusal_of_length();
  size_t body_limit(const Route& route) const;
  void dispatch(Request request);
  void touch_up(const Request* request, Response& response);
  void tell(const Request* request, int status, bool client_left);
  void count_answering(bool begins);

  std::weak_ptr<Core> weak_core_;
  Core& core_;  // outlives every coroutine
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Transport> transport_;
  boost::asio::steady_timer wake_;
  RequestReader reader_;
  std::string input_;         // received, not yet used
  bool reading_ = false;      // a read is pending
  bool input_ended_ = false;  // the client has left
  bool writable_ = false;
  bool has_body_to_come_ = false;
  bool keep_alive_ = true;
  bool from_loopback_ = false;
  const Clock::time_point connected_ = Clock::now();
  bool has_answered_ = false;  // at least one request
  bool is_answering_ = false;  // counted in Core::n_answering
  // Of the answer under way.
  std::string answer_id_;
  Clock::time_point begin_, first_written_;
  size_t n_written_ = 0;
  std::optional<Response> refusal_;  // of the request whose body is being read
  Router::Match match_;
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace http
