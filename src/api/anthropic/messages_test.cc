#include "api/anthropic/messages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/anthropic/fields.h"
#include "api/anthropic/requests.h"

namespace api::anthropic {
namespace {

using base::Json;

// A request with `more` members beside the needed ones.
Parsed<MessageRequest> request(const std::string& more) {
  return read_message_request(
      *Json::parse(R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}])" +
                   (more.empty() ? "" : "," + more) + "}"));
}

Parsed<MessageRequest> with_messages(const std::string& messages, const std::string& more = "") {
  return read_message_request(
      *Json::parse(R"({"model":"m","max_tokens":5,"messages":)" + messages + more + "}"));
}

std::string seen(const std::string& messages, const std::string& more = "") {
  const auto read = with_messages(messages, more);
  return read ? read->chat.messages.write() : read.error().message;
}

std::string blamed(const Parsed<MessageRequest>& read) {
  return read ? "" : read.error().param.value_or("?");
}

TEST(AnthropicMessages, SystemIsTheFirstMessageAsTextOrBlocks) {
  EXPECT_EQ(seen(R"([{"role":"user","content":"hi"}])", R"(,"system":"be terse")"),
            R"([{"role":"system","content":"be terse"},{"role":"user","content":"hi"}])");
  EXPECT_EQ(seen(R"([{"role":"user","content":[{"type":"text","text":"hi"}]}])",
                 R"(,"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}])"),
            R"([{"role":"system","content":[{"type":"text","text":"a"}]},)"
            R"({"role":"user","content":[{"type":"text","text":"hi"}]}])");
}

TEST(AnthropicMessages, TurnsOfOneRoleInARowAreOneTurn) {
  EXPECT_EQ(seen(R"([{"role":"user","content":"a"},{"role":"user","content":"b"}])"),
            R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])");
}

TEST(AnthropicMessages, ThoughtsAndToolsBecomeWhatTemplatesKnow) {
  EXPECT_EQ(
      seen(R"([{"role":"user","content":"a"},{"role":"assistant","content":[)"
           R"({"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"x"},)"
           R"({"type":"tool_use","id":"t1","name":"f","input":{"x":1}}]},)"
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"4"},)"
           R"({"type":"text","text":"go on"}]}])"),
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[],"reasoning_content":"hm",)"
      R"("tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":{"x":1}}}]},)"
      R"({"role":"tool","tool_call_id":"t1","content":"4"},)"
      R"({"role":"user","content":[{"type":"text","text":"go on"}]}])");
}

TEST(AnthropicMessages, OtherBlocksAreRefusedByTheirPlace) {
  for (const char* type : {"image", "document", "search_result", "server_tool_use"})
    EXPECT_EQ(blamed(with_messages(R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
                                   R"({"role":"user","content":[{"type":"text","text":"c"},{"type":")" +
                                   std::string(type) + R"("}]}])")),
              "messages[2].content[1]");
  EXPECT_EQ(blamed(with_messages(R"([{"role":"robot","content":"a"}])")), "messages[0].role");
  EXPECT_EQ(blamed(with_messages("[]")), "messages");
}

TEST(AnthropicRequest, AnAnswerAtTheEndIsGoneOnWith) {
  EXPECT_FALSE(request("")->chat.continue_final_message);
  EXPECT_TRUE(with_messages(R"([{"role":"user","content":"a"},{"role":"assistant","content":"Once"}])")
                  ->chat.continue_final_message);
}

TEST(AnthropicRequest, ReadsItsFields) {
  const auto read =
      request(R"("temperature":0.5,"top_k":4,"top_p":0.9,"stop_sequences":["x","y"],"stream":true,)"
              R"("thinking":{"type":"adaptive","display":"omitted"})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->asked.options.sampling.temperature, 0.5);
  EXPECT_EQ(read->asked.options.sampling.top_k, 4);
  EXPECT_EQ(read->asked.options.stop, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(read->asked.options.max_tokens, 5);
  EXPECT_TRUE(read->asked.stream);
  EXPECT_FALSE(read->show_thoughts);
  EXPECT_EQ(read->chat.variables.write(), R"({"enable_thinking":true})");
}

TEST(AnthropicRequest, DemandsThatAreNotMetAreNamed) {
  EXPECT_EQ(blamed(request(R"("temperature":1.5)")), "temperature");
  EXPECT_EQ(blamed(request(R"("tools":[{"name":"f","input_schema":{}}])")), "tools");
  EXPECT_EQ(blamed(request(R"("tool_choice":{"type":"any"})")), "tool_choice");
  EXPECT_EQ(blamed(request(R"("tool_choice":{"type":"auto"},"tools":[])")), "");
  EXPECT_EQ(blamed(request(R"("thinking":{"type":"enabled","budget_tokens":2000})")),
            "thinking.budget_tokens");
  EXPECT_EQ(blamed(request(R"("output_config":{"format":{"type":"json_schema"}})")), "output_config.format");
  EXPECT_EQ(blamed(request(R"("stop":"x")")), "stop");
  EXPECT_EQ(blamed(read_message_request(*Json::parse(R"({"model":"m","messages":[]})"))), "messages");
  EXPECT_EQ(blamed(read_message_request(
                *Json::parse(R"({"model":"m","messages":[{"role":"user","content":"x"}]})"))),
            "max_tokens");
}

TEST(AnthropicRequest, HintsAreListedOnce) {
  const auto read = with_messages(
      R"([{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},)"
      R"({"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}])",
      R"(,"metadata":{"user_id":"u"},"output_config":{"effort":"low"},"cache_control":{"type":"ephemeral"})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->asked.ignored,
            (std::vector<std::string>{"metadata", "cache_control", "output_config.effort"}));
}

TEST(AnthropicFields, TheDocumentedTableIsThisOne) {
  std::ifstream file(std::filesystem::path(DOMICILE_SOURCE_DIR) / "docs" / "api-anthropic.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string table = fields_as_markdown({&message_fields(), &count_tokens_fields()});
  EXPECT_NE(page.str().find(table), std::string::npos) << "docs/api-anthropic.md should hold this table:\n"
                                                       << table;
}

}  // namespace
}  // namespace api::anthropic
