#include "api/ollama/requests.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/ollama/fields.h"

namespace api::ollama {
namespace {

using base::Json;
using std::chrono::milliseconds;

Parsed<ChatRequest> chat(const std::string& more) {
  return read_chat_request(*Json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
                                        (more.empty() ? "" : "," + more) + "}"));
}

Parsed<GenerateRequest> generate(const std::string& more) {
  return read_generate_request(
      *Json::parse(R"({"model":"m","prompt":"hi")" + (more.empty() ? "" : "," + more) + "}"));
}

template <class T>
std::string blamed(const Parsed<T>& read) {
  return read ? "" : read.error().param.value_or("?");
}

TEST(OllamaRequest, StreamsUnlessToldNotTo) {
  EXPECT_TRUE(chat("")->common.asked.stream);
  EXPECT_FALSE(generate(R"("stream":false)")->common.asked.stream);
}

TEST(OllamaRequest, ReadsItsOptions) {
  const auto read = chat(
      R"("options":{"temperature":0.1,"top_k":5,"num_predict":7,"num_ctx":100,"stop":["a"],"seed":3,"repeat_penalty":1.2,)"
      R"("repeat_last_n":16,"num_gpu":1,"mystery":2})");
  ASSERT_TRUE(read) << read.error().message;
  const serving::GenerationOptions& options = read->common.asked.options;
  EXPECT_EQ(options.sampling.temperature, 0.1);
  EXPECT_EQ(options.sampling.top_k, 5);
  EXPECT_EQ(options.sampling.repetition_penalty, 1.2);
  EXPECT_EQ(options.sampling.repeat_last_n, 16);
  EXPECT_EQ(options.max_tokens, 7);
  EXPECT_EQ(options.stop, std::vector<std::string>{"a"});
  EXPECT_EQ(read->common.asked.seed, 3u);
  EXPECT_EQ(read->common.num_ctx, 100);
  EXPECT_EQ(read->common.asked.ignored, (std::vector<std::string>{"options.num_gpu", "options.mystery"}));
  EXPECT_EQ(chat(R"("options":{"num_predict":-2,"seed":-1})")->common.asked.options.max_tokens, -1);
  EXPECT_FALSE(chat(R"("options":{"seed":-1})")->common.asked.seed);
}

TEST(OllamaRequest, KeepAliveIsSecondsOrATextWithUnits) {
  const auto kept = [](const std::string& value) {
    return chat(R"("keep_alive":)" + value)->common.keep_alive;
  };
  EXPECT_EQ(chat("")->common.keep_alive, std::nullopt);
  EXPECT_EQ(kept("90"), serving::KeepAlive(milliseconds(90'000)));
  EXPECT_EQ(kept("0"), serving::KeepAlive(milliseconds(0)));
  EXPECT_EQ(kept(R"("1h30m")"), serving::KeepAlive(milliseconds(5'400'000)));
  EXPECT_EQ(kept(R"("250ms")"), serving::KeepAlive(milliseconds(250)));
  for (const char* for_ever : {"-1", R"("-1m")"}) {
    ASSERT_TRUE(kept(for_ever));
    EXPECT_FALSE(kept(for_ever)->has_value());
  }
  for (const char* wrong : {R"("soon")", R"("m5")", R"("5 parsecs")", "true"})
    EXPECT_EQ(blamed(chat(R"("keep_alive":)" + std::string(wrong))), "keep_alive") << wrong;
}

TEST(OllamaRequest, ThinkIsASwitchOrALevel) {
  EXPECT_EQ(chat(R"("think":false)")->chat.variables.write(), R"({"enable_thinking":false})");
  EXPECT_EQ(chat(R"("think":"low")")->chat.variables.write(),
            R"({"enable_thinking":true,"reasoning_effort":"low"})");
  EXPECT_EQ(blamed(chat(R"("think":3)")), "think");
}

TEST(OllamaRequest, MessagesBecomeWhatTemplatesKnow) {
  const auto read = read_chat_request(*Json::parse(
      R"({"model":"m","messages":[{"role":"assistant","content":"a","thinking":"t","images":[],"mystery":1,)"
      R"("tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]},)"
      R"({"role":"tool","content":"4","tool_name":"f"}]})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->chat.messages.write(),
            R"([{"role":"assistant","content":"a","reasoning_content":"t",)"
            R"("tool_calls":[{"function":{"name":"f","arguments":{"x":1}},"type":"function"}]},)"
            R"({"role":"tool","content":"4","name":"f"}])");
  EXPECT_EQ(read->common.asked.ignored, std::vector<std::string>{"messages.mystery"});
}

TEST(OllamaRequest, DemandsThatAreNotMetAreNamed) {
  EXPECT_EQ(blamed(chat(R"("format":"json")")), "format");
  EXPECT_EQ(blamed(chat(R"("format":"","tools":[])")), "");
  EXPECT_EQ(blamed(chat(R"("tools":[{"type":"function"}])")), "tools");
  EXPECT_EQ(blamed(generate(R"("images":["AA=="])")), "images");
  EXPECT_EQ(blamed(generate(R"("template":"{{ .Prompt }}")")), "template");
  EXPECT_EQ(blamed(generate(R"("raw":true,"system":"s")")), "raw");
  EXPECT_EQ(blamed(generate(R"("options":{"top_p":2})")), "options.top_p");
  EXPECT_EQ(blamed(read_chat_request(*Json::parse(R"({"messages":[]})"))), "model");
  EXPECT_EQ(blamed(read_chat_request(
                *Json::parse(R"({"model":"m","messages":[{"role":"user","images":["AA=="]}]})"))),
            "messages[0].images");
}

TEST(OllamaFields, TheDocumentedTablesAreThese) {
  std::ifstream file(std::filesystem::path(DOMICILE_SOURCE_DIR) / "docs" / "api-ollama.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const std::string& table :
       {fields_as_markdown({&chat_fields(), &generate_fields()}), fields_as_markdown({&option_fields()}),
        fields_as_markdown({&create_fields()})})
    EXPECT_NE(page.str().find(table), std::string::npos) << "docs/api-ollama.md should hold this table:\n"
                                                         << table;
}

}  // namespace
}  // namespace api::ollama
