#include "http/server.h"

#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "tests/support/http_client.h"
#include "tests/support/running_server.h"

namespace http {
namespace {

using std::chrono::milliseconds;
using tests::comes_true;
using tests::HttpAnswer;
using tests::HttpClient;
using tests::Running;

TEST(Server, AnswersManyRequestsOverOneConnection) {
  Running running;
  HttpClient client = running.client();
  for (int i = 0; i < 3; ++i) {
    const HttpAnswer answer = client.ask("GET", "/hello?" + std::to_string(i));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello " + std::to_string(i));
    EXPECT_EQ(answer.header("x-request-id").substr(0, 4), "req_");
    EXPECT_EQ(answer.header("connection"), "keep-alive");
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Running running;
  HttpClient client = running.client();
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += i % 2 ? HttpClient::request("GET", "/hello?" + std::to_string(i))
                 : HttpClient::request("POST", "/echo", "hello " + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.receive().body, "hello " + std::to_string(i));
}

TEST(Server, KnowsItsPathsAndMethods) {
  Running running;
  HttpClient client = running.client();
  EXPECT_EQ(client.ask("GET", "/nothing").status, 404);
  const HttpAnswer wrong = client.ask("DELETE", "/hello");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(client.ask("OPTIONS", "/echo").status, 204);
  const HttpAnswer head = client.ask("HEAD", "/hello?abc");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "9");
  EXPECT_EQ(client.ask("GET", "/hello").status, 200);  // the connection went on through all of it
}

TEST(Server, GoesOnAfterRefusingARequestWithASmallBody) {
  Running running;
  HttpClient client = running.client();
  EXPECT_EQ(client.ask("POST", "/nothing", "some body").status, 404);
  EXPECT_EQ(client.ask("POST", "/echo", "next").body, "next");
}

TEST(Server, RefusesALongBodyBeforeReadingIt) {
  ServerOptions options;
  options.limits.body_bytes = 1000;
  Running running(std::move(options));
  HttpClient client = running.client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
  const HttpAnswer answer = client.receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(Server, TheGateActsBeforeTheBodyIsRead) {
  ServerOptions options;
  options.gate = [](const Request& head) -> std::optional<Response> {
    if (head.headers.find("key")) return std::nullopt;
    return Response{401, {}, "no key"};
  };
  Running running(std::move(options));
  HttpClient client = running.client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client.receive().status, 401);
  HttpClient other = running.client();
  EXPECT_EQ(other.ask("POST", "/echo", "x", "Key: k\r\n").status, 200);
}

TEST(Server, AsksForABodyThatWaitsToBeAskedFor) {
  Running running;
  HttpClient client = running.client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive_head().status, 100);
  client.send("ok");
  EXPECT_EQ(client.receive().body, "ok");
}

TEST(Server, MalformedRequestsEndTheirConnectionWithAnAnswer) {
  Running running;
  HttpClient client = running.client();
  client.send("NONSENSE\r\n\r\n");
  const HttpAnswer answer = client.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_FALSE(answer.header("x-request-id").empty());
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(running.client().ask("GET", "/hello").status, 200);
}

TEST(Server, AHandlerThatThrowsOrForgetsIsA500) {
  Running running;
  HttpClient client = running.client();
  EXPECT_EQ(client.ask("POST", "/throw", "x").status, 500);
  EXPECT_EQ(client.ask("POST", "/forget", "x").status, 500);
}

TEST(Server, StreamsPiecesAsTheyComeAndFillsSilence) {
  Running running;
  HttpClient client = running.client();
  client.send(HttpClient::request("POST", "/stream", "x"));
  EXPECT_EQ(client.receive_head().status, 200);
  EXPECT_EQ(client.receive_chunk(), ": wait\n");  // at once
  running.await_stream();
  running.faucet->pour("one");
  std::string piece;
  while ((piece = client.receive_chunk()) == ": wait\n") continue;
  EXPECT_EQ(piece, "one");
  EXPECT_EQ(client.receive_chunk(), ": wait\n");  // after 50 ms of silence
  running.faucet->pour("two");
  running.faucet->close();
  std::string rest;
  while (!(piece = client.receive_chunk()).empty()) rest += piece == ": wait\n" ? "" : piece;
  EXPECT_EQ(rest, "two");
  EXPECT_EQ(client.ask("GET", "/hello").status, 200);  // and the connection goes on
}

TEST(Server, Http10StreamsUntilTheConnectionCloses) {
  Running running;
  HttpClient client = running.client();
  client.send("POST /stream HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
  running.await_stream();
  running.faucet->pour("text");
  running.faucet->close();
  const HttpAnswer answer = client.receive();
  EXPECT_EQ(answer.header("transfer-encoding"), "");
  EXPECT_NE(answer.body.find("text"), std::string::npos);
}

TEST(Server, NoticesAtOnceThatAClientHasLeft) {
  Running running;
  HttpClient client = running.client();
  client.send(HttpClient::request("POST", "/slow", "x"));
  running.await_slow();
  EXPECT_FALSE(running.disconnected);
  client.leave();
  EXPECT_TRUE(comes_true([&] { return running.disconnected.load(); }));
  running.waiting.clear();
  EXPECT_TRUE(comes_true([&] { return running.server->n_connections() == 0; }));
}

TEST(Server, ASlowReaderHoldsUpNobodyAndItsSourceIsNotRead) {
  Running running;
  HttpClient slow = running.client();
  slow.send(HttpClient::request("POST", "/stream", "x"));
  running.await_stream();
  running.faucet->pour(std::string(30'000'000, 'x'));  // more than sockets take
  EXPECT_EQ(running.client().ask("GET", "/hello").status, 200);
  slow.leave();
  EXPECT_TRUE(comes_true([&] { return running.faucet->gone.load(); }));
}

TEST(Server, DropsClientsThatDoNotFinishTheirRequest) {
  ServerOptions options;
  options.head_timeout = milliseconds(50);
  options.idle_timeout = milliseconds(100);
  Running running(std::move(options));
  HttpClient slow = running.client();
  slow.send("GET /hello HT");
  EXPECT_EQ(slow.receive().status, 408);
  HttpClient idle = running.client();
  EXPECT_TRUE(idle.at_end());
}

TEST(Server, ManyIdleConnectionsCostNobodyAnAnswer) {
  Running running;
  std::vector<HttpClient> idle;
  for (int i = 0; i < 2000; ++i) idle.push_back(running.client());
  EXPECT_EQ(running.client().ask("GET", "/hello").status, 200);
  EXPECT_TRUE(comes_true([&] { return running.server->n_connections() >= 2000; }));
}

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST(Server, SleepsWhileNothingHappens) {
  Running running;
  std::vector<HttpClient> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(running.client());
  HttpClient waiting = running.client();
  waiting.send(HttpClient::request("POST", "/slow", "x"));
  running.await_slow();
  const double before = processor_seconds();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(processor_seconds() - before, 0.02);
}

TEST(Server, ShutdownLetsARunningAnswerEnd) {
  Running running;
  HttpClient client = running.client();
  HttpClient idle = running.client();
  client.send(HttpClient::request("POST", "/stream", "x"));
  running.await_stream();
  std::thread stopping([&] { running.server->shutdown(milliseconds(5000)); });
  EXPECT_TRUE(idle.at_end());
  running.faucet->pour("the end");
  running.faucet->close();
  const HttpAnswer answer = client.receive();
  stopping.join();
  EXPECT_NE(answer.body.find("the end"), std::string::npos);
}

TEST(Server, ShutdownCutsOffWhatDoesNotEnd) {
  Running running;
  HttpClient client = running.client();
  client.send(HttpClient::request("POST", "/slow", "x"));
  running.await_slow();
  running.server->shutdown(milliseconds(50));
  EXPECT_TRUE(running.disconnected);
  running.waiting.clear();  // a late answer finds no server, and nothing happens
}

TEST(Server, WhileDrainingProbesAreStillAnswered) {
  Running running;
  HttpClient client = running.client();
  client.send(HttpClient::request("POST", "/stream", "x"));
  running.await_stream();
  std::thread stopping([&] { running.server->shutdown(milliseconds(5000)); });
  EXPECT_TRUE(
      comes_true([&] { return running.client().ask("GET", "/hello").header("connection") == "close"; }));
  const HttpAnswer refused = running.client().ask("POST", "/echo", "x");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
  running.faucet->close();
  stopping.join();
  EXPECT_FALSE(running.client().is_connected());
}

TEST(Server, IdleAndHalfSentRequestsDoNotHoldUpTheEnd) {
  Running running;
  HttpClient idle = running.client(), half = running.client(), kept = running.client();
  half.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(kept.ask("GET", "/hello").status, 200);
  const auto begin = std::chrono::steady_clock::now();
  running.server->shutdown(milliseconds(60'000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(10'000));
}

TEST(Server, ServesASocketThatListensAlready) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::listen(socket, 10), 0);
  ServerOptions options;
  options.listening_socket = socket;
  options.host = "not looked at";
  Running running(std::move(options));
  EXPECT_NE(running.server->port(), 0);
  EXPECT_EQ(running.client().ask("GET", "/hello?x").body, "hello x");

  ServerOptions wrong;
  wrong.listening_socket = 0;
  EXPECT_FALSE(Server::start(std::move(wrong), Router()));
}

TEST(Server, TellsWhatBecameOfEachRequest) {
  struct Line {
    std::string method, route, id, note;
    int status;
    size_t bytes;
    bool left;
  };
  std::mutex mutex;
  std::vector<Line> lines;
  ServerOptions options;
  options.on_answered = [&](const AccessRecord& record) {
    std::lock_guard lock(mutex);
    lines.push_back({record.request ? record.request->method : "", std::string(record.route),
                     std::string(record.request_id), record.notes.empty() ? "" : record.notes[0].value,
                     record.status, record.response_bytes, record.client_left});
    EXPECT_GE(record.seconds, record.first_byte_seconds);
  };
  {
    Running running(std::move(options));
    HttpClient client = running.client();
    const HttpAnswer answer = client.ask("POST", "/echo", "hello");
    client.ask("GET", "/secret/path");
    client.send("NONSENSE\r\n\r\n");
    EXPECT_EQ(client.receive().status, 400);
    HttpClient leaver = running.client();
    leaver.send(HttpClient::request("POST", "/stream", "x"));
    running.await_stream();
    leaver.leave();
    EXPECT_TRUE(comes_true([&] { return running.disconnected.load(); }));
    running.faucet->close();
    EXPECT_TRUE(comes_true([&] {
      std::lock_guard lock(mutex);
      return lines.size() == 4;
    }));
    EXPECT_EQ(lines[0].id, answer.header("x-request-id"));
    EXPECT_EQ(lines[0].bytes, answer.head.size() + 2 + 5);
  }
  EXPECT_EQ(lines[0].method + lines[0].route + lines[0].note, "POST/echofive");
  EXPECT_EQ(lines[0].status, 200);
  EXPECT_EQ(lines[1].route, "");  // what a client asked for in vain is not repeated
  EXPECT_EQ(lines[1].status, 404);
  EXPECT_EQ(lines[2].method, "");
  EXPECT_EQ(lines[2].status, 400);
  EXPECT_TRUE(lines[3].left);
}

TEST(Server, NamesAPortThatIsTaken) {
  Running running;
  ServerOptions options;
  options.port = running.server->port();
  const auto second = Server::start(std::move(options), Router());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(std::to_string(running.server->port())), std::string::npos);
}

TEST(Server, KnowsLoopback) {
  EXPECT_TRUE(is_loopback_host("127.0.0.1"));
  EXPECT_TRUE(is_loopback_host("::1"));
  EXPECT_TRUE(is_loopback_host("localhost"));
  EXPECT_FALSE(is_loopback_host("0.0.0.0"));
  EXPECT_FALSE(is_loopback_host("::"));
  EXPECT_FALSE(is_loopback_host("example.com"));
}

}  // namespace
}  // namespace http
