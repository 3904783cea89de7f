#include "http/connection.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <exception>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "http/content_coding.h"
#include "http/response_head.h"

namespace http {
namespace asio = boost::asio;
namespace {

using std::chrono::milliseconds;

// Of pipelined requests that wait, and of a body before the parser has seen it.
constexpr size_t kMaxUnreadBytes = size_t{64} << 10;
// A refused body up to this size is read to its end, so that the connection can go on.
constexpr size_t kMaxDiscardedBodyBytes = size_t{64} << 10;
// On average, beyond the time-out for one piece.
constexpr size_t kLeastBodyBytesPerSecond = 1024;
// For the request of a connection that was accepted while the server is draining.
constexpr milliseconds kProbePatience{1000};

}  // namespace

// ---- Exchange

template <class Work>
void Exchange::post(Work work) {
  if (auto core = core_.lock())
    asio::post(core->io, [self = shared_from_this(), work = std::move(work)]() mutable { work(*self); });
}

void Exchange::signal() {
  if (auto connection = connection_.lock()) connection->signal();
}

void Exchange::answer(Response response_given, std::unique_ptr<BodySource> source_given,
                      StreamOptions options) {
  post([response = std::move(response_given), source = std::move(source_given),
        options = std::move(options)](Exchange& self) mutable {
    if (std::exchange(self.answered, true) || self.ended_) return;
    self.response = std::move(response);
    self.source = std::move(source);
    self.stream_options = std::move(options);
    self.signal();
  });
}

void Exchange::wake() {
  if (!news.exchange(true)) post([](Exchange& self) { self.signal(); });
}

void Exchange::on_disconnect(std::function<void()> callback) {
  post([callback = std::move(callback)](Exchange& self) mutable {
    if (self.ended_) return;
    if (self.left_) return callback();
    self.disconnect_callback_ = std::move(callback);
  });
}

void Exchange::run(std::function<void()> work) {
  auto core = core_.lock();
  if (!core) return;
  asio::post(core->workers, [self = shared_from_this(), work = std::move(work)] {
    try {
      work();
    } catch (const std::exception&) {
      self->answer({500, {}, {}}, nullptr, {});
    }
  });
}

void Exchange::note(std::string_view key, std::string value) {
  post([name = std::string(key), value = std::move(value)](Exchange& self) mutable {
    if (!self.ended_) self.notes.push_back({std::move(name), std::move(value)});
  });
}

void Exchange::client_left() {
  if (ended_ || std::exchange(left_, true)) return;
  if (auto callback = std::exchange(disconnect_callback_, nullptr)) callback();
}

void Exchange::end() {
  ended_ = true;
  disconnect_callback_ = nullptr;
  source.reset();
}

// ---- the handler's end of an exchange

namespace {

class ReplyHandle : public Reply {
 public:
  explicit ReplyHandle(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~ReplyHandle() override { send({500, {}, {}}); }  // does nothing after an answer

  void send(Response response) override { stream(std::move(response), nullptr, {}); }
  void stream(Response response, std::unique_ptr<BodySource> source, StreamOptions options) override {
    if (answered_.exchange(true)) return;
    exchange_->answer(std::move(response), std::move(source), std::move(options));
  }
  void wake() override { exchange_->wake(); }
  void on_disconnect(std::function<void()> callback) override {
    exchange_->on_disconnect(std::move(callback));
  }
  void run(std::function<void()> work) override { exchange_->run(std::move(work)); }
  void note(std::string_view key, const std::string& value) override { exchange_->note(key, value); }

 private:
  std::shared_ptr<Exchange> exchange_;
  std::atomic<bool> answered_{false};
};

// Third-party code may throw; that ends one request, not the server.
void call_handler(const Handler& handler, Request request, const std::shared_ptr<Reply>& reply) {
  try {
    handler(std::move(request), reply);
  } catch (const std::exception&) {
    reply->send({500, {}, {}});
  }
}

// Takes the content coding off the body; the refusal if that cannot be done.
std::optional<Response> decode_body(const std::weak_ptr<Core>& weak_core, Request& request, size_t limit) {
  const auto core = weak_core.lock();
  if (!core) return Response{503, {}, {}};
  if (request.headers.count("content-encoding") > 1)
    return core->error(&request, 415, "a body may be coded once, with gzip or deflate");
  auto body = decoded_body(*request.headers.find("content-encoding"), std::move(request.body), limit);
  if (!body) {
    const base::Code code = body.error().code;
    const int status = code == base::Code::exhausted ? 413 : code == base::Code::unsupported ? 415 : 400;
    Response refusal = core->error(&request, status, body.error().message);
    if (status == 415) refusal.headers.add("accept-encoding", "gzip, deflate");
    return refusal;
  }
  request.body = std::move(*body);
  return std::nullopt;
}

}  // namespace

// ---- Connection: reading

Connection::Connection(const std::shared_ptr<Core>& core, asio::ip::tcp::socket socket,
                       std::unique_ptr<Transport> transport)
    : weak_core_(core),
      core_(*core),
      socket_(std::move(socket)),
      transport_(std::move(transport)),
      wake_(core->io),
      reader_(core->options.limits) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto peer = socket_.remote_endpoint(ignored);
  from_loopback_ = !ignored && peer.address().is_loopback();
}

Connection::~Connection() {
  if (exchange_) exchange_->end();
  core_.connections.erase(this);
  std::lock_guard lock(core_.mutex);
  if (is_answering_) --core_.n_answering;
  --core_.n_connections;
  core_.something_ended.notify_all();
}

void Connection::start_reading() {
  if (reading_ || input_ended_ || input_.size() >= kMaxUnreadBytes) return;
  reading_ = true;
  // Waiting without a buffer: an idle connection costs none.
  socket_.async_wait(asio::socket_base::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->reading_ = false;
                       if (error) return self->received(/*ended=*/true);
                       if (!self->socket_.is_open()) return self->received(/*ended=*/true);
                       const Transport::Moved moved = self->transport_->read(self->core_.scratch);
                       if (moved.state == Transport::State::would_block) return self->start_reading();
                       self->input_.append(self->core_.scratch.data(), moved.n_bytes);
                       self->received(/*ended=*/moved.state == Transport::State::ended);
                     });
}

void Connection::received(bool ended) {
  if (ended) {
    input_ended_ = true;
    if (exchange_) exchange_->client_left();
  }
  start_reading();
  signal();
}

// Waits for signal() or the deadline. Whoever waits looks at his condition before and after.
Connection::Awaitable Connection::signalled(Clock::time_point deadline) {
  wake_.expires_at(deadline);
  const auto [error] = co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return bool(error);
}

Connection::Awaitable Connection::read_request() {
  const ServerOptions& options = core_.options;
  auto deadline = Clock::now() + options.idle_timeout;
  Clock::time_point body_begun;
  size_t n_body_bytes = 0;
  bool begun = false, again = false;
  while (true) {
    if (again || !input_.empty()) {
      if (!std::exchange(begun, true)) {
        match_ = {};
        deadline = Clock::now() + options.head_timeout;
      }
      size_t consumed = 0;
      const RequestReader::State state = reader_.feed(input_, consumed);
      input_.erase(0, consumed);
      start_reading();
      if (state == RequestReader::State::complete) co_return true;
      if (state == RequestReader::State::failed) {
        const Request* request = reader_.has_head() ? &reader_.request() : nullptr;
        co_return co_await refuse_and_close(request,
                                            core_.error(request, reader_.status(), reader_.problem()));
      }
      again = state == RequestReader::State::head;
      if (again) {
        const bool goes_on = co_await head_arrived();
        if (!goes_on) co_return false;
      }
      // A line of a chunked body that does not end: neither data nor a limit of its own.
      if (consumed == 0 && input_.size() >= kMaxUnreadBytes && !again)
        co_return co_await refuse_and_close(
            reader_.has_head() ? &reader_.request() : nullptr,
            core_.error(&reader_.request(), 400,
                        "malformed HTTP request: a line of the chunked body is too long"));
      if (has_body_to_come_ && consumed > 0) {
        if (body_begun == Clock::time_point()) body_begun = Clock::now();
        n_body_bytes += consumed;
        // A client that sends a byte now and then is not kept for days.
        const auto fair = std::chrono::seconds(n_body_bytes / kLeastBodyBytesPerSecond);
        deadline = std::min(Clock::now(), body_begun + fair) + options.body_timeout;
      }
      if (again) continue;
    }
    if (input_ended_) co_return false;
    if (core_.draining) {
      // A new connection may be a probe's; the others have had their answers.
      if (has_answered_ || begun) co_return false;
      deadline = std::min(deadline, connected_ + kProbePatience);
    }
    const bool in_time = co_await signalled(deadline);
    if (in_time || Clock::now() < deadline) continue;
    if (!begun) co_return false;
    co_return co_await refuse_and_close(nullptr,
                                        core_.error(nullptr, 408, "the request did not arrive in time"));
  }
}

std::optional<Response> Connection::refusal_of_head() {
  const Request& head = reader_.request();
  if (core_.options.gate)
    if (auto refusal = core_.options.gate(head)) return refusal;
  match_ = core_.router.find(head.method, head.path);
  // Else steady callers would hold up the end for as long as it may take.
  if (match_.route && match_.route->run_on == RunOn::workers && core_.draining) {
    Response refusal = core_.error(&head, 503, "the server is ending: try again");
    refusal.headers.set("retry-after", "1");
    return refusal;
  }
  if (match_.route) return refusal_of_length();
  if (head.method == "OPTIONS" && head.path == "*") return Response{204, {}, {}};
  if (match_.allowed.empty())
    return core_.error(&head, 404, base::cat("there is nothing at ", base::printable(head.path)));
  std::string allowed;
  for (const std::string& method : match_.allowed) allowed += (allowed.empty() ? "" : ", ") + method;
  Response response = head.method == "OPTIONS"
                          ? Response{204, {}, {}}
                          : core_.error(&head, 405, base::cat("this path takes ", allowed));
  response.headers.add("allow", allowed);
  return response;
}

// A body that is too long is refused before it is read, if its length is stated.
std::optional<Response> Connection::refusal_of_length() {
  const size_t limit = body_limit(*match_.route);
  reader_.set_body_limit(limit);
  const auto length = reader_.body_bytes();
  if (!length || *length <= limit) return std::nullopt;
  return core_.error(&reader_.request(), 413, base::cat("the body is longer than ", limit, " bytes"));
}

size_t Connection::body_limit(const Route& route) const {
  return route.body_bytes > 0 ? route.body_bytes : core_.options.limits.body_bytes;
}

Connection::Awaitable Connection::head_arrived() {
  reader_.set_id(core_.new_request_id());  // before the gate, whose refusals may name it
  keep_alive_ = reader_.keep_alive();
  const std::optional<size_t> body_bytes = reader_.body_bytes();
  has_body_to_come_ = body_bytes != size_t{0};
  refusal_ = refusal_of_head();
  if (refusal_) {
    const bool small = body_bytes && *body_bytes <= kMaxDiscardedBodyBytes;
    const bool may_go_on = !has_body_to_come_ || (small && !reader_.expects_continue());
    if (may_go_on) co_return true;  // the refusal is sent once the body has passed
    co_return co_await refuse_and_close(&reader_.request(), std::move(*refusal_));
  }
  if (reader_.expects_continue() && has_body_to_come_ && input_.empty())
    co_return co_await write("HTTP/1.1 100 Continue\r\n\r\n");
  co_return true;
}

// ---- Connection: answering

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  start_reading();
  while (true) {
    const bool has_request = co_await read_request();
    if (!has_request) break;
    const bool goes_on = co_await answer_request();
    if (!goes_on) break;
  }
  co_await linger();
}

void Connection::dispatch(Request request) {
  exchange_ = std::make_shared<Exchange>(weak_core_, weak_from_this());
  if (input_ended_) exchange_->client_left();
  auto reply = std::make_shared<ReplyHandle>(exchange_);
  const Route& route = *match_.route;
  const bool is_coded = !request.body.empty() && request.headers.find("content-encoding").has_value();
  if (route.run_on == RunOn::server && !is_coded)
    return call_handler(route.handler, std::move(request), reply);
  asio::post(core_.workers, [core = weak_core_, &route, limit = body_limit(route), is_coded,
                             request = std::move(request), reply = std::move(reply)]() mutable {
    if (is_coded)
      if (auto refusal = decode_body(core, request, limit)) return reply->send(std::move(*refusal));
    call_handler(route.handler, std::move(request), reply);
  });
}

Connection::Awaitable Connection::answer_request() {
  Request request = reader_.take();
  request.from_loopback = from_loopback_;
  has_answered_ = true;
  begin_ = Clock::now();
  if (refusal_) {
    Response refusal = std::move(*std::exchange(refusal_, std::nullopt));
    const bool goes_on = co_await write_whole(&request, std::move(refusal));
    co_return goes_on;
  }
  count_answering(true);
  const bool goes_on = co_await answer_from_handler(std::move(request));
  count_answering(false);
  co_return goes_on;
}

Connection::Awaitable Connection::answer_from_handler(Request request) {
  request.path_parameters = std::move(match_.parameters);
  Request head = request;
  head.body.clear();
  dispatch(std::move(request));
  const auto exchange = exchange_;
  while (!exchange->answered) co_await signalled(Clock::time_point::max());
  bool goes_on = false;
  if (exchange->source)
    goes_on = co_await write_stream(head, *exchange);
  else
    goes_on = co_await write_whole(&head, std::move(exchange->response));
  exchange->end();
  exchange_.reset();
  co_return goes_on;
}

void Connection::count_answering(bool begins) {
  is_answering_ = begins;
  std::lock_guard lock(core_.mutex);
  begins ? ++core_.n_answering : --core_.n_answering;
  core_.something_ended.notify_all();
}

void Connection::touch_up(const Request* request, Response& response) {
  if (response.status >= 500 && response.body.empty())
    response = core_.error(request, response.status, "something went wrong inside the server");
  if (core_.options.finish_response) core_.options.finish_response(request, response);
  const bool has_id = request && !request->id.empty();
  answer_id_ = has_id ? request->id : core_.new_request_id();
  response.headers.set("x-request-id", answer_id_);
  n_written_ = 0;
}

void Connection::tell(const Request* request, int status, bool client_left) {
  if (!core_.options.on_answered) return;
  auto seconds_to = [this](Clock::time_point then) {
    return std::max(0.0, std::chrono::duration<double>(then - begin_).count());
  };
  core_.options.on_answered(
      {.request = request,
       .request_id = answer_id_,
       .route = match_.route ? std::string_view(match_.route->pattern) : std::string_view(),
       .status = status,
       .response_bytes = n_written_,
       .seconds = seconds_to(Clock::now()),
       .first_byte_seconds = n_written_ > 0 ? seconds_to(first_written_) : 0,
       .client_left = client_left,
       .notes = exchange_ ? std::span<const Parameter>(exchange_->notes) : std::span<const Parameter>()});
}

Connection::Awaitable Connection::refuse_and_close(const Request* request, Response response) {
  keep_alive_ = false;
  begin_ = Clock::now();
  co_return co_await write_whole(request, std::move(response));
}

Connection::Awaitable Connection::write_whole(const Request* request, Response response) {
  touch_up(request, response);
  keep_alive_ = keep_alive_ && !core_.draining && !input_ended_;
  std::string bytes = response_head(response, {.framing = Framing::length,
                                               .body_bytes = response.body.size(),
                                               .keep_alive = keep_alive_,
                                               .date = http_date(std::time(nullptr))});
  if (!request || request->method != "HEAD") bytes += response.body;
  const bool written = co_await write(bytes);
  tell(request, response.status, !written);
  co_return written&& keep_alive_;
}

Connection::Awaitable Connection::write_stream(const Request& request, Exchange& exchange) {
  Response& response = exchange.response;
  touch_up(&request, response);
  keep_alive_ = keep_alive_ && !core_.draining && !input_ended_ && request.version == 11;
  const bool chunked = request.version == 11;
  auto add = [&](std::string& out, std::string_view data) {
    chunked ? append_chunk(out, data) : void(out += data);
  };
  std::string bytes = response_head(response, {.framing = chunked ? Framing::chunked : Framing::until_close,
                                               .keep_alive = keep_alive_,
                                               .date = http_date(std::time(nullptr))});
  add(bytes, exchange.stream_options.filler);
  std::string piece;
  while (true) {
    exchange.news = false;
    const bool ended = exchange.source->read(piece);
    add(bytes, piece);
    if (ended && chunked) bytes += kLastChunk;
    const bool written = co_await write(bytes);
    if (!written || ended) {
      tell(&request, response.status, !written || input_ended_);
      co_return written&& keep_alive_;
    }
    piece.clear();
    bytes.clear();
    const auto filler_due = Clock::now() + exchange.stream_options.filler_interval;
    while (!exchange.news && Clock::now() < filler_due) co_await signalled(filler_due);
    if (!exchange.news) add(bytes, exchange.stream_options.filler);
  }
}

// Mostly the socket takes all at once, and nothing waits.
Connection::Awaitable Connection::write(std::string_view bytes) {
  auto deadline = Clock::now() + core_.options.write_timeout;
  while (!bytes.empty()) {
    if (!socket_.is_open()) co_return false;
    const Transport::Moved moved = transport_->write(bytes);
    if (moved.state == Transport::State::ended) co_return false;
    if (moved.state == Transport::State::moved) {
      if (n_written_ == 0) first_written_ = Clock::now();
      n_written_ += moved.n_bytes;
      bytes.remove_prefix(moved.n_bytes);
      deadline = Clock::now() + core_.options.write_timeout;
      continue;
    }
    writable_ = false;
    socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](boost::system::error_code) {
      self->writable_ = true;
      self->signal();
    });
    while (!writable_) {
      co_await signalled(deadline);
      if (Clock::now() >= deadline) co_return false;
    }
  }
  co_return true;
}

// Closing with unread input would make the kernel send a reset, which may destroy the answer on its way.
asio::awaitable<void> Connection::linger() {
  if (socket_.is_open()) transport_->end_writing();
  const auto deadline = Clock::now() + milliseconds(1000);
  while (!input_ended_ && !core_.draining && Clock::now() < deadline) {
    input_.clear();
    start_reading();
    co_await signalled(deadline);
  }
  abort();
}

// ---- Connection: ending

void Connection::finish_soon() {
  signal();
}

void Connection::abort() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (exchange_) exchange_->client_left();
  input_ended_ = true;
  signal();
}

}  // namespace http
