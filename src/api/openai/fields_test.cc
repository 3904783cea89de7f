#include "api/openai/fields.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace api::openai {
namespace {

using base::Json;

TEST(OpenAiFields, DemandsAreRefusedByName) {
  for (const char* body :
       {R"({"tools":[{"type":"function"}]})", R"({"response_format":{"type":"json_object"}})",
        R"({"chat_template":"{{ x }}"})"}) {
    const auto result = check_fields(*Json::parse(body), chat_fields());
    ASSERT_FALSE(result) << body;
    EXPECT_EQ(result.error().param, Json::parse(body)->as_object()[0].key);
  }
}

TEST(OpenAiFields, ValuesThatDemandNothingAreAccepted) {
  const auto result = check_fields(
      *Json::parse(R"({"n":1,"tools":[],"presence_penalty":0.0,"response_format":{"type":"text"}})"),
      chat_fields());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->empty());
}

TEST(OpenAiFields, AFieldOfTheOtherRouteIsUnknown) {
  EXPECT_EQ(*check_fields(*Json::parse(R"({"prompt":"x"})"), chat_fields()),
            std::vector<std::string>{"prompt"});
  EXPECT_EQ(*check_fields(*Json::parse(R"({"messages":[]})"), completion_fields()),
            std::vector<std::string>{"messages"});
}

TEST(OpenAiFields, TheDocumentedTableIsThisOne) {
  std::ifstream file(std::filesystem::path(DOMICILE_SOURCE_DIR) / "docs" / "api-openai.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string table = fields_as_markdown({&chat_fields(), &completion_fields()});
  EXPECT_NE(page.str().find(table), std::string::npos) << "docs/api-openai.md should hold this table:\n"
                                                       << table;
}

}  // namespace
}  // namespace api::openai
