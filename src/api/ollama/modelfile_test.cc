#include "api/ollama/modelfile.h"

#include <gtest/gtest.h>

#include "api/ollama/alias_request.h"
#include "tests/support/speaking_server.h"

namespace api::ollama {
namespace {

using base::Json;

TEST(Modelfile, ReadsInstructionsQuotesAndBlocks) {
  const auto read = parse_modelfile(
      "# a comment\nFROM smollm2\nparameter temperature 0.2\nPARAMETER stop \"END OF\"\nPARAMETER stop "
      "<|x|>\n"
      "SYSTEM \"\"\"You are\nterse.\"\"\"\nMESSAGE user hello there\n\nLICENSE MIT\n");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(
      read->write(),
      R"({"from":"smollm2","parameters":{"temperature":0.2,"stop":["END OF","<|x|>"]},)"
      R"("system":"You are\nterse.","messages":[{"role":"user","content":"hello there"}],"license":"MIT"})");
}

TEST(Modelfile, NamesTheLineThatIsWrong) {
  const auto fault = [](std::string_view text) { return parse_modelfile(text).error().message; };
  EXPECT_EQ(fault("SYSTEM x"), "the Modelfile has no FROM");
  EXPECT_NE(fault("FROM a\nWHATEVER x").find("line 2"), std::string::npos);
  EXPECT_NE(fault("FROM a\nPARAMETER temperature").find("line 2"), std::string::npos);
  EXPECT_NE(fault("FROM a\nSYSTEM \"\"\"never\nends").find("line 2"), std::string::npos);
}

TEST(CreateRequest, FieldsWinOverTheModelfile) {
  const auto read = read_create_request(*Json::parse(
      R"({"model":"a:latest","modelfile":"FROM m\nSYSTEM old\nPARAMETER num_predict 5","system":"new"})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->settings.id, "a");
  EXPECT_EQ(read->parent, "m");
  EXPECT_EQ(read->settings.presets.messages.write(), R"([{"role":"system","content":"new"}])");
  EXPECT_EQ(read->settings.presets.max_tokens, 5);
  EXPECT_TRUE(read->stream);
}

TEST(CreateRequest, RefusesWhatItCannotDoByName) {
  const auto blamed = [](const std::string& more) {
    const auto read = read_create_request(*Json::parse(R"({"model":"a","from":"m",)" + more + "}"));
    return read ? "" : read.error().param.value_or("?");
  };
  EXPECT_EQ(blamed(R"("adapters":{"a":"b"})"), "adapters");
  EXPECT_EQ(blamed(R"("files":{"a":"sha256:0"})"), "files");
  EXPECT_EQ(blamed(R"("quantize":"q4_0")"), "quantize");
  EXPECT_EQ(blamed(R"("parameters":{"temperature":"hot"})"), "parameters.temperature");
  EXPECT_EQ(blamed(R"("name":"b")"), "");
  EXPECT_EQ(read_create_request(*Json::parse(R"({"model":"../x","from":"m"})")).error().param, "model");
}

TEST(Modelfile, OfAModelMakesItAgain) {
  tests::SpeakingServer house("x");
  auto settings = read_create_request(*Json::parse(
      R"({"model":"a","from":"speaker","system":"S","parameters":{"temperature":0.5,"stop":["X","Y"]}})"));
  ASSERT_TRUE(settings);
  const auto alias = make_alias(*house.models.acquire_now("speaker"), settings->settings);
  ASSERT_TRUE(alias);
  const auto again = parse_modelfile(modelfile_of(**alias));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->find("from")->as_string(), "speaker");
  EXPECT_EQ(again->find("system")->as_string(), "S");
  EXPECT_EQ(again->find("parameters")->write(), R"({"temperature":0.5,"stop":["X","Y"]})");
}

}  // namespace
}  // namespace api::ollama
