// Anthropic's dialect over loopback.
#include "api/anthropic/routes.h"

#include <gtest/gtest.h>

#include "tests/support/speaking_server.h"

namespace api::anthropic {
namespace {

using base::Json;
using tests::json_of;
using tests::SpeakingServer;

std::string body(const std::string& more = "") {
  return R"({"model":"speaker","max_tokens":100,"messages":[{"role":"user","content":"hi"}])" +
         (more.empty() ? "" : "," + more) + "}";
}

// The deltas of a stream put together.
std::string streamed(const std::string& stream, const char* member) {
  std::string out;
  for (size_t at = 0; (at = stream.find("data: ", at)) != std::string::npos; ++at) {
    const Json event = json_of(stream.substr(at + 6, stream.find('\n', at) - at - 6));
    const Json* delta = event.find("delta");
    const Json* text = delta ? delta->find(member) : nullptr;
    if (text) out += text->as_string();
  }
  return out;
}

TEST(AnthropicRoutes, AMessageIsTheSameWholeAndStreamed) {
  SpeakingServer house("thinking</think>Hello 안녕<|im_end|>");
  const std::string more = R"("system":"be kind","thinking":{"type":"adaptive"})";
  const tests::HttpAnswer whole = house.ask("POST", "/v1/messages", body(more));
  ASSERT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(whole.header("request-id"), whole.header("x-request-id"));
  const Json message = json_of(whole.body);
  EXPECT_EQ(
      message.find("content")->write(),
      R"([{"type":"thinking","thinking":"thinking","signature":""},{"type":"text","text":"Hello 안녕"}])");
  EXPECT_EQ(message.find("stop_reason")->as_string(), "end_turn");
  EXPECT_TRUE(message.find("id")->as_string().starts_with("msg_"));
  EXPECT_EQ(house.last_prompt(),
            "<|im_start|>system\nbe "
            "kind<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<think>\n");
  const tests::HttpAnswer stream = house.ask("POST", "/v1/messages", body(more + R"(,"stream":true)"));
  EXPECT_TRUE(stream.header("content-type").starts_with("text/event-stream"));
  EXPECT_EQ(streamed(stream.body, "thinking"), "thinking");
  EXPECT_EQ(streamed(stream.body, "text"), "Hello 안녕");
  EXPECT_TRUE(stream.body.ends_with("data: {\"type\":\"message_stop\"}\n\n"));
}

TEST(AnthropicRoutes, StopSequencesAreNamed) {
  SpeakingServer house("one two three<|im_end|>");
  const Json message =
      json_of(house.ask("POST", "/v1/messages", body(R"("stop_sequences":["zwei","two"])")).body);
  EXPECT_EQ(message.find("content")->write(), R"([{"type":"text","text":"one "}])");
  EXPECT_EQ(message.find("stop_reason")->as_string(), "stop_sequence");
  EXPECT_EQ(message.find("stop_sequence")->as_string(), "two");
}

TEST(AnthropicRoutes, AnAnswerBegunByTheCallerIsGoneOnWith) {
  SpeakingServer house("upon a time<|im_end|>");
  const auto answer = house.ask(
      "POST", "/v1/messages",
      R"({"model":"speaker","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Once"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(house.last_prompt().ends_with("<|im_start|>assistant\nOnce"));
}

TEST(AnthropicRoutes, CountsTokens) {
  SpeakingServer house("x");
  const auto counted = house.ask("POST", "/v1/messages/count_tokens",
                                 R"({"model":"speaker","messages":[{"role":"user","content":"hi"}]})");
  ASSERT_EQ(counted.status, 200) << counted.body;
  ASSERT_EQ(house.ask("POST", "/v1/messages", body()).status, 200);
  EXPECT_EQ(json_of(counted.body).find("input_tokens")->as_integer(),
            static_cast<int64_t>(house.engine->last_request().prompt.size()));
}

TEST(AnthropicRoutes, ErrorsHaveItsShapeWhoeverFindsThem) {
  SpeakingServer house("x", {.keys = {"k"}});
  const std::string key = "x-api-key: k\r\n";
  const auto expect = [&](const tests::HttpAnswer& answer, int status, const char* type) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const Json error = json_of(answer.body);
    EXPECT_EQ(error.find("type")->as_string(), "error");
    EXPECT_EQ(error.find("error")->find("type")->as_string(), type);
    EXPECT_EQ(error.find("request_id")->as_string(), answer.header("x-request-id"));
  };
  expect(house.ask("POST", "/v1/messages", body()), 401, "authentication_error");
  expect(house.ask("GET", "/v1/messages", "", key), 405, "invalid_request_error");
  expect(house.ask("POST", "/v1/messages/nowhere", body(), key), 404, "not_found_error");
  expect(house.ask("POST", "/v1/messages", "{", key), 400, "invalid_request_error");
  expect(house.ask("POST", "/v1/messages", body(R"("tools":[{"name":"f"}])"), key), 400,
         "invalid_request_error");
  expect(house.ask("POST", "/v1/messages",
                   R"({"model":"no","max_tokens":1,"messages":[{"role":"user","content":"x"}]})", key),
         404, "not_found_error");
  expect(house.ask("POST", "/v1/messages",
                   R"({"model":"speaker","max_tokens":1,"messages":[{"role":"user","content":"complain"}]})",
                   key),
         400, "invalid_request_error");
}

TEST(AnthropicRoutes, AFullQueueIsOverloaded) {
  SpeakingServer house("x", {}, 4096, /*max_queued=*/0);
  const auto answer = house.ask("POST", "/v1/messages", body());
  EXPECT_EQ(answer.status, 529);
  EXPECT_EQ(json_of(answer.body).find("error")->find("type")->as_string(), "overloaded_error");
  EXPECT_FALSE(answer.header("retry-after").empty());
}

TEST(AnthropicRoutes, ASwitchThatTheTemplateLacksIsListed) {
  SpeakingServer house("x");
  auto parsed = chat::Template::parse("{{ messages[0].content }}");
  ASSERT_TRUE(parsed);
  *house.chat_template = std::move(*parsed);
  EXPECT_EQ(
      house.ask("POST", "/v1/messages", body(R"("thinking":{"type":"disabled"})")).header("x-ignored-fields"),
      "thinking");
}

}  // namespace
}  // namespace api::anthropic
