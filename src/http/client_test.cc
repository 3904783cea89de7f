#include "http/client.h"

#include <gtest/gtest.h>

#include "http/server.h"

namespace http {
namespace {

class Pieces : public BodySource {
 public:
  bool read(std::string& out) override {
    out += "one piece";
    return true;
  }
};

struct ClientTest : testing::Test {
  void SetUp() override {
    Router router;
    router.add("POST", "/echo", [](Request request, std::shared_ptr<Reply> reply) {
      Response response = json_response(201, request.body);
      response.headers.add("x-key", std::string(request.headers.find("authorization").value_or("none")));
      reply->send(std::move(response));
    });
    router.add("GET", "/stream", [](const Request&, std::shared_ptr<Reply> reply) {
      reply->stream({}, std::make_unique<Pieces>(), {});
    });
    server = Server::start({}, std::move(router)).value();
    request.port = server->port();
  }

  std::unique_ptr<Server> server;
  ClientRequest request;
};

TEST_F(ClientTest, SendsABodyAndHeadersAndReadsTheAnswer) {
  request.method = "POST";
  request.target = "/echo";
  request.headers.add("authorization", "Bearer k");
  request.body = std::string(300'000, 'x');
  const auto response = fetch(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->headers.find("x-key"), "Bearer k");
  EXPECT_EQ(response->body, request.body);
}

TEST_F(ClientTest, ReadsAStream) {
  request.target = "/stream";
  EXPECT_EQ(fetch(request).value().body, "one piece");
}

TEST_F(ClientTest, SaysWhenNobodyListens) {
  server.reset();
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, base::Code::unavailable);
  EXPECT_NE(response.error().message.find("no answer from 127.0.0.1:"), std::string::npos);
}

TEST_F(ClientTest, TakesNoMoreThanTheLimit) {
  request.method = "POST";
  request.target = "/echo";
  request.body = std::string(3000, 'x');
  request.most_bytes = 2000;
  EXPECT_EQ(fetch(request).error().code, base::Code::corrupt);
}

}  // namespace
}  // namespace http
