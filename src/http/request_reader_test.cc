#include "http/request_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace http {
namespace {

using State = RequestReader::State;

struct ReadResult {
  std::vector<Request> requests;
  int failed_status = 0;
};

// Reads everything, given in pieces of `size` bytes.
ReadResult read_all(const std::string& bytes, size_t size, Limits limits = {}) {
  RequestReader reader(limits);
  ReadResult out;
  std::string pending;
  size_t at = 0;
  bool again = false;
  while (true) {
    if (!again) {
      if (at >= bytes.size()) return out;
      pending += bytes.substr(at, size);
      at += size;
    }
    size_t consumed = 0;
    const State state = reader.feed(pending, consumed);
    pending.erase(0, consumed);
    again = state == State::head || (state == State::complete && !pending.empty());
    if (state == State::complete) out.requests.push_back(reader.take());
    if (state == State::failed) {
      out.failed_status = reader.status();
      EXPECT_FALSE(reader.problem().empty());
      return out;
    }
  }
}

int refusal_of(const std::string& bytes, Limits limits = {}) {
  const ReadResult result = read_all(bytes, bytes.size(), limits);
  EXPECT_TRUE(result.requests.empty());
  return result.failed_status;
}

TEST(RequestReader, ReadsPipelinedRequestsHoweverTheyAreCut) {
  const std::string bytes =
      "POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
      "GET /b HTTP/1.1\r\nhost: h\r\n\r\n"
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
  for (size_t size : {size_t{1}, size_t{2}, size_t{7}, size_t{50}, bytes.size()}) {
    const ReadResult result = read_all(bytes, size);
    ASSERT_EQ(result.requests.size(), 3u) << size << " " << result.failed_status;
    EXPECT_EQ(result.requests[0].body, "hello");
    EXPECT_EQ(result.requests[0].path, "/a");
    EXPECT_EQ(result.requests[0].query, "x=1");
    EXPECT_EQ(result.requests[1].method, "GET");
    EXPECT_EQ(result.requests[1].body, "");
    EXPECT_EQ(result.requests[2].body, "abcde");
  }
}

TEST(RequestReader, RefusesWhatLetsRequestsBeSmuggled) {
  EXPECT_EQ(
      refusal_of(
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      400);
  EXPECT_EQ(
      refusal_of(
          "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
      400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
            400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello"), 400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello"), 400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                       "identity\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nhello"), 400);
}

TEST(RequestReader, NeedsOneHostExceptInHttp10) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_EQ(read_all("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 100).requests.size(), 1u);
  EXPECT_EQ(read_all("GET / HTTP/1.0\r\n\r\n", 100).requests.size(), 1u);
}

TEST(RequestReader, KeepsItsLimits) {
  const Limits limits{.header_bytes = 200, .body_bytes = 10};
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", limits), 413);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
                       limits),
            413);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(300, 'x') + "\r\n\r\n", limits), 431);
}

TEST(RequestReader, RefusesWhatIsNoHttp) {
  EXPECT_EQ(refusal_of("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(refusal_of("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(RequestReader, SkipsEmptyLinesBetweenRequests) {
  EXPECT_EQ(read_all("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 3).requests.size(), 1u);
}

TEST(RequestReader, TellsOfTheHeadBeforeTheBody) {
  RequestReader reader(Limits{});
  size_t consumed = 0;
  const std::string bytes = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(reader.feed(bytes, consumed), State::head);
  EXPECT_TRUE(reader.expects_continue());
  EXPECT_EQ(reader.body_bytes(), 5u);
  EXPECT_EQ(reader.feed("hello", consumed), State::complete);
  EXPECT_EQ(reader.take().body, "hello");
}

}  // namespace
}  // namespace http
