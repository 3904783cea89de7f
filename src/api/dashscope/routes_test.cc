// DashScope's dialect, pure and over loopback.
#include "api/dashscope/routes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/dashscope/fields.h"
#include "api/dashscope/requests.h"
#include "tests/support/speaking_server.h"

namespace api::dashscope {
namespace {

using base::Json;
using tests::json_of;
using tests::SpeakingServer;

constexpr const char* kPath = "/api/v1/services/aigc/text-generation/generation";

std::string body(const std::string& parameters = "", const std::string& input = R"("prompt":"hi")") {
  return R"({"model":"speaker","input":{)" + input + R"(},"parameters":{)" + parameters + "}}";
}

std::string blamed(const std::string& text) {
  const auto read = read_generation_request(*Json::parse(text));
  return read ? "" : read.error().param.value_or("?");
}

// The data of events, and a look at their frame.
std::vector<Json> events(const std::string& stream) {
  std::vector<Json> out;
  for (size_t at = 0; at < stream.size();) {
    const size_t end = stream.find("\n\n", at);
    const std::string event = stream.substr(at, end - at);
    at = end + 2;
    if (event.starts_with(": ")) continue;
    const std::string head =
        "id:" + std::to_string(out.size() + 1) + "\nevent:result\n:HTTP_STATUS/200\ndata:";
    EXPECT_TRUE(event.starts_with(head)) << event;
    out.push_back(json_of(event.substr(head.size())));
  }
  return out;
}

TEST(DashScopeRequest, HistoryAndPromptAreMessages) {
  const auto read =
      read_generation_request(*Json::parse(body("", R"("history":[{"user":"a","bot":"b"}],"prompt":"c")")));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(
      read->chat.messages.write(),
      R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}])");
}

TEST(DashScopeRequest, DemandsThatAreNotMetAreNamed) {
  EXPECT_EQ(blamed(body(R"("tools":[{"type":"function"}])")), "parameters.tools");
  EXPECT_EQ(blamed(body(R"("enable_search":true)")), "parameters.enable_search");
  EXPECT_EQ(blamed(body(R"("temperature":9)")), "parameters.temperature");
  EXPECT_EQ(blamed(body(R"("result_format":"xml")")), "parameters.result_format");
  EXPECT_EQ(blamed(body("", R"("messages":[])")), "input.messages");
  EXPECT_EQ(blamed(R"({"model":"m"})"), "input");
  EXPECT_EQ(blamed(body("", R"("messages":"x","prompt":"y")")), "input.messages");
  EXPECT_NE(blamed(body("", R"("messages":[{"role":"user","content":[{"image":"x"}]}])")).find("content[0]"),
            std::string::npos);
  EXPECT_EQ(
      blamed(body(R"("enable_search":false)", R"("messages":[{"role":"user","content":[{"text":"x"}]}])")),
      "");
}

TEST(DashScopeRoutes, AnswersAsTextOrAsMessage) {
  SpeakingServer house("thinking</think>Hello<|im_end|>");
  const Json text = json_of(house.ask("POST", kPath, body(R"("enable_thinking":true)")).body);
  EXPECT_EQ(text.find("output")->write(),
            R"({"text":"Hello","finish_reason":"stop","reasoning_content":"thinking"})");
  EXPECT_GT(text.find("usage")->find("input_tokens")->as_integer(), 0);
  const auto answer = house.ask("POST", kPath, body(R"("enable_thinking":true,"result_format":"message")"));
  const Json message = json_of(answer.body);
  EXPECT_EQ(message.find("output")->find("choices")->as_array()[0].find("message")->write(),
            R"({"role":"assistant","content":"Hello","reasoning_content":"thinking"})");
  EXPECT_EQ(message.find("request_id")->as_string(), answer.header("x-request-id"));
}

TEST(DashScopeRoutes, EventsRepeatTheTextUnlessToldToBeIncremental) {
  SpeakingServer house("one two three<|im_end|>");
  house.script.gap = std::chrono::milliseconds(2);
  const auto whole = events(house.ask("POST", kPath, body(), "X-DashScope-SSE: enable\r\n").body);
  ASSERT_GE(whole.size(), 2u);
  EXPECT_EQ(whole.front().find("output")->find("finish_reason")->as_string(), "null");
  EXPECT_EQ(whole.back().find("output")->write(), R"({"text":"one two three","finish_reason":"stop"})");
  std::string text;
  for (const Json& event :
       events(house.ask("POST", kPath, body(R"("incremental_output":true)"), "Accept: text/event-stream\r\n")
                  .body))
    text += event.find("output")->find("text")->as_string();
  EXPECT_EQ(text, "one two three");
}

TEST(DashScopeRoutes, ErrorsHaveItsShapeWhoeverFindsThem) {
  SpeakingServer house("x", {.keys = {"k"}});
  const std::string key = "authorization: Bearer k\r\n";
  const auto code = [](const tests::HttpAnswer& answer) {
    const Json error = json_of(answer.body);
    EXPECT_EQ(error.find("request_id")->as_string(), answer.header("x-request-id"));
    return error.find("code")->as_string();
  };
  EXPECT_EQ(code(house.ask("POST", kPath, body())), "InvalidApiKey");
  EXPECT_EQ(code(house.ask("POST", kPath, "{", key)), "InvalidParameter");
  EXPECT_EQ(code(house.ask("POST", kPath, R"({"model":"other","input":{"prompt":"x"}})", key)),
            "ModelNotFound");
  EXPECT_EQ(code(house.ask("GET", kPath, "", key)), "InvalidParameter");
}

TEST(DashScopeRoutes, ItsCompatibleModeIsOpenAis) {
  SpeakingServer house("Hello<|im_end|>");
  const auto answer = house.ask("POST", "/compatible-mode/v1/chat/completions",
                                R"({"model":"speaker","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(json_of(answer.body).find("object")->as_string(), "chat.completion");
  EXPECT_EQ(house.ask("GET", "/compatible-mode/v1/models/speaker").status, 200);
}

TEST(DashScopeFields, TheDocumentedTablesAreThese) {
  std::ifstream file(std::filesystem::path(DOMICILE_SOURCE_DIR) / "docs" / "api-dashscope.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const FieldTable* table : {&body_fields(), &input_fields(), &parameter_fields()})
    EXPECT_NE(page.str().find(fields_as_markdown({table})), std::string::npos)
        << "docs/api-dashscope.md should hold this table:\n"
        << fields_as_markdown({table});
}

}  // namespace
}  // namespace api::dashscope
