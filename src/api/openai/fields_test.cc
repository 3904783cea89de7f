#include "api/openai/fields.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace api::openai {
namespace {

using base::Json;

FieldCheck check(std::string_view body, Endpoint endpoint = Endpoint::chat) {
  return check_fields(*Json::parse(body), endpoint);
}

TEST(Fields, EachNameIsThereOnce) {
  std::set<std::string_view> names;
  for (const Field& field : all_fields()) EXPECT_TRUE(names.insert(field.name).second) << field.name;
}

TEST(Fields, HarmlessValuesAreJson) {
  for (const Field& field : all_fields()) {
    std::stringstream values{std::string(field.harmless)};
    for (std::string value; std::getline(values, value, '|');) EXPECT_TRUE(Json::parse(value)) << field.name;
  }
}

TEST(Fields, DemandsAreRefusedByName) {
  for (const char* body :
       {R"({"tools":[{"type":"function"}]})", R"({"n":2})", R"({"presence_penalty":0.5})",
        R"({"response_format":{"type":"json_object"}})", R"({"chat_template":"{{ x }}"})"}) {
    const FieldCheck result = check(body);
    ASSERT_TRUE(result.error) << body;
    EXPECT_EQ(result.error->status, 400);
    EXPECT_EQ(result.error->param, Json::parse(body)->as_object()[0].key);
    EXPECT_NE(result.error->message.find(*result.error->param), std::string::npos);
  }
}

TEST(Fields, ValuesThatDemandNothingAreAccepted) {
  const FieldCheck result = check(
      R"({"n":1,"tools":[],"presence_penalty":0.0,"logit_bias":{},"response_format":{"type":"text"},"tool_choice":"auto"})");
  EXPECT_FALSE(result.error);
  EXPECT_TRUE(result.ignored.empty());
}

TEST(Fields, NullIsAbsence) {
  const FieldCheck result = check(R"({"tools":null,"n":null,"user":null,"nonsense":null})");
  EXPECT_FALSE(result.error);
  EXPECT_TRUE(result.ignored.empty());
}

TEST(Fields, HintsAndUnknownFieldsAreListed) {
  EXPECT_EQ(check(R"({"model":"m","user":"u","nonsense":1,"temperature":1})").ignored,
            (std::vector<std::string>{"user", "nonsense"}));
}

TEST(Fields, AFieldOfTheOtherEndpointIsUnknown) {
  EXPECT_EQ(check(R"({"prompt":"x"})").ignored, std::vector<std::string>{"prompt"});
  EXPECT_TRUE(check(R"({"suffix":"x"})", Endpoint::completions).error);
  EXPECT_FALSE(check(R"({"suffix":"x"})", Endpoint::chat).error);
}

TEST(Fields, TheDocumentedTableIsThisOne) {
  std::ifstream file(std::filesystem::path(DOMICILE_SOURCE_DIR) / "docs" / "http-api.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(fields_as_markdown()), std::string::npos)
      << "docs/http-api.md should hold this table:\n"
      << fields_as_markdown();
}

}  // namespace
}  // namespace api::openai
