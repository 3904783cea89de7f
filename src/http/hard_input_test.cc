// What a server meets from clients that are broken, slow, greedy or hostile, over raw sockets.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <random>

#include "tests/support/running_server.h"

namespace http {
namespace {

using std::chrono::milliseconds;
using tests::comes_true;
using tests::HttpAnswer;
using tests::HttpClient;
using tests::Running;

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

constexpr const char* kGzip = "Content-Encoding: gzip\r\n";
const std::string kChunked = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

// Others are served while and after `misbehave` does its worst.
void expect_unimpressed(Running& running) {
  EXPECT_EQ(running.client().ask("GET", "/hello?x").body, "hello x");
}

TEST(HardInput, ChunkExtensionsAndTrailersAreReadAndLeftAlone) {
  Running running;
  HttpClient client = running.client();
  client.send(kChunked +
              "3;name=value;other=\"a;b\"\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\nHost: evil\r\n\r\n" +
              HttpClient::request("GET", "/hello?next"));
  EXPECT_EQ(client.receive().body, "abcde");
  EXPECT_EQ(client.receive().body, "hello next");
}

TEST(HardInput, AChunkLineWithoutEndIsRefused) {
  Running running;
  for (const char* begin : {"3;", "3\r\nabc\r\n0\r\nX: "}) {
    HttpClient client = running.client();
    client.send(kChunked + begin + std::string(100'000, 'x'));
    EXPECT_EQ(client.receive().status, 400);
  }
  expect_unimpressed(running);
}

TEST(HardInput, BrokenChunksEndTheirConnection) {
  Running running;
  for (const char* chunks : {"-1\r\n", "g\r\n", "ffffffffffffffffff\r\n", "3\r\nabcd\r\n0\r\n\r\n"}) {
    HttpClient client = running.client();
    client.send(kChunked + chunks);
    const HttpAnswer answer = client.receive();
    EXPECT_TRUE(answer.status == 400 || answer.status == 413) << chunks << answer.status;
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.at_end());
  }
}

TEST(HardInput, SmugglersGet400) {
  Running running;
  const char* heads[] = {
      "POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",               // no Host
      "POST /echo HTTP/1.1\r\nHost: a b\r\nContent-Length: 1\r\n\r\nx",  // not a host
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\nx",
      "GET /hello HTTP/1.1\r\nHost: h\r\nX: a\x01\r\n\r\n",
  };
  for (const char* head : heads) {
    HttpClient client = running.client();
    client.send(head);
    EXPECT_EQ(client.receive().status, 400) << head;
    EXPECT_TRUE(client.at_end()) << head;
  }
  HttpClient client = running.client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
  EXPECT_EQ(client.receive().status, 501);
}

TEST(HardInput, Http10IsServedWithoutHostAndKeptOpenIfAsked) {
  Running running;
  HttpClient client = running.client();
  client.send("GET /hello?1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const HttpAnswer first = client.receive();
  EXPECT_EQ(first.body, "hello 1");
  EXPECT_EQ(first.header("connection"), "keep-alive");
  client.send("GET /hello?2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receive().body, "hello 2");
  EXPECT_TRUE(client.at_end());
}

TEST(HardInput, OnlyOneExpectationIsMet) {
  Running running;
  HttpClient client = running.client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: miracles\r\n\r\n");
  EXPECT_EQ(client.receive().status, 417);
  // Who asks first is refused before sending what would be refused.
  HttpClient other = running.client();
  other.send("POST /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(other.receive().status, 404);
}

TEST(HardInput, KeepsTheConnectionAfterErrorsOfHandlersAndStreams) {
  Running running;
  HttpClient client = running.client();
  EXPECT_EQ(client.ask("POST", "/throw", "x").status, 500);
  EXPECT_EQ(client.ask("GET", "/nothing").status, 404);
  EXPECT_EQ(client.ask("DELETE", "/hello").status, 405);
  EXPECT_EQ(client.ask("OPTIONS", "*").status, 204);
  EXPECT_EQ(client.ask("POST", "/echo", "not gzip", kGzip).status, 400);
  EXPECT_EQ(client.ask("POST", "/echo", "last").body, "last");
}

TEST(HardInput, LimitsOfRoutesHoldBeforeTheBodyIsReadAndWhileItComes) {
  ServerOptions options;
  options.limits.body_bytes = 1000;
  Running running(std::move(options));
  HttpClient client = running.client();
  EXPECT_EQ(client.ask("POST", "/upload", std::string(5000, 'u')).body.size(), 5000u);
  client.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10001\r\n\r\n");
  EXPECT_EQ(client.receive().status, 413);
  HttpClient chunked = running.client();
  chunked.send(kChunked);
  for (int i = 0; i < 12; ++i) chunked.send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
  HttpClient exact = running.client();
  EXPECT_EQ(exact.ask("POST", "/echo", std::string(1000, 'x')).status, 200);
  EXPECT_EQ(exact.ask("POST", "/echo", std::string(1001, 'x')).status, 413);
}

TEST(HardInput, CompressedBodiesAreReadWithinTheSameLimit) {
  ServerOptions options;
  options.limits.body_bytes = 100'000;
  Running running(std::move(options));
  HttpClient client = running.client();
  EXPECT_EQ(client.ask("POST", "/echo", gzip("hello"), kGzip).body, "hello");
  EXPECT_EQ(client.ask("POST", "/echo", gzip(std::string(10'000'000, ' ')), kGzip).status, 413);
  const HttpAnswer unknown = client.ask("POST", "/echo", "x", "Content-Encoding: br\r\n");
  EXPECT_EQ(unknown.status, 415);
  EXPECT_EQ(unknown.header("accept-encoding"), "gzip, deflate");
  EXPECT_EQ(client.ask("POST", "/echo", "x", std::string(kGzip) + kGzip).status, 415);
}

TEST(HardInput, HeaderBombsAreRefused) {
  Running running;
  std::string many = "GET /hello HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 5000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  for (const std::string& bomb :
       {many + "\r\n", "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000'000, 'x')}) {
    HttpClient client = running.client();
    client.send(bomb);
    EXPECT_EQ(client.receive().status, 431);
  }
  expect_unimpressed(running);
}

TEST(HardInput, ABodyThatDripsIsNotWaitedForForever) {
  ServerOptions options;
  options.body_timeout = milliseconds(200);
  Running running(std::move(options));
  HttpClient client = running.client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  // Each byte comes well before the time-out for the next.
  std::thread dripping([&] {
    for (int i = 0; i < 40; ++i) {
      client.send("x");
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1900));
  dripping.join();
}

TEST(HardInput, ClientsThatVanishAtAnyMomentLeaveNothingBehind) {
  Running running;
  std::mt19937 random(7);
  const std::string request = HttpClient::request("POST", "/slow", "{\"a\":1}");
  for (int i = 0; i < 200; ++i) {
    HttpClient client = running.client();
    client.send(std::string_view(request).substr(0, random() % (request.size() + 1)));
    if (random() % 2) {  // a reset instead of an orderly end
      const linger hard{1, 0};
      setsockopt(client.socket(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
  }
  EXPECT_TRUE(comes_true([&] {
    std::lock_guard lock(running.mutex);
    running.waiting.clear();
    return running.server->n_connections() == 0;
  }));
  expect_unimpressed(running);
}

TEST(HardInput, RandomBytesAreAnsweredOrDropped) {
  Running running;
  std::mt19937 random(11);
  for (int i = 0; i < 100; ++i) {
    HttpClient client = running.client();
    std::string bytes = i % 2 ? "POST /echo HTTP/1.1\r\nHost: h\r\n" : "";
    for (int n = static_cast<int>(random() % 2000); n > 0; --n) bytes += static_cast<char>(random());
    client.send(bytes + "\r\n\r\n");
    const int status = client.receive().status;
    EXPECT_TRUE(status == 0 || status >= 400) << status;
  }
  expect_unimpressed(running);
}

}  // namespace
}  // namespace http
