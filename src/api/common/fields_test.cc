#include "api/common/fields.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "api/common/sampling_fields.h"
#include "api/common/shared_fields.h"

namespace api {
namespace {

using base::Json;
using enum Treatment;

constexpr Field kOwn[] = {
    {"model", "string"},
    {"mood", "string", hint},
    {"wings", "integer", refused, "0|null", "it cannot fly"},
    {"user", "string", served, "", "kept"},
};
const FieldTable kTable{"birds", {kOwn, hint_fields()}};

Parsed<std::vector<std::string>> check(std::string_view body, std::string_view place = {}) {
  return check_fields(*Json::parse(body), kTable, place);
}

TEST(Fields, DemandsAreRefusedByName) {
  const auto result = check(R"({"wings":2})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 400);
  EXPECT_EQ(result.error().param, "wings");
  EXPECT_NE(result.error().message.find("it cannot fly"), std::string::npos);
  EXPECT_EQ(check(R"({"wings":2})", "options.").error().param, "options.wings");
}

TEST(Fields, ValuesThatDemandNothingAreAccepted) {
  const auto result = check(R"({"wings":0.0})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->empty());
}

TEST(Fields, NullIsAbsence) {
  const auto result = check(R"({"wings":null,"mood":null,"nonsense":null})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->empty());
}

TEST(Fields, HintsAndUnknownFieldsAreListed) {
  EXPECT_EQ(*check(R"({"model":"m","mood":"u","nonsense":1,"metadata":{}})"),
            (std::vector<std::string>{"mood", "nonsense", "metadata"}));
}

TEST(Fields, TheFirstRowOfANameCounts) {
  EXPECT_TRUE(check(R"({"user":"u"})")->empty());
}

TEST(Fields, TablesShareAColumnedPage) {
  static constexpr Field kFish[] = {{"model", "string"}, {"mood", "string", refused, "\"wet\"|\"cold\""}};
  const FieldTable fish{"fish", {kFish}};
  const std::string page = fields_as_markdown({&kTable, &fish});
  EXPECT_NE(page.find("| `model` | string | served | served |  |\n"), std::string::npos) << page;
  EXPECT_NE(page.find("| `mood` | string | hint | - |  |\n"), std::string::npos) << page;
  EXPECT_NE(page.find("| `mood` | string | - | refused | accepted: `\"wet\"` `\"cold\"` |\n"),
            std::string::npos)
      << page;
}

TEST(SharedFields, HarmlessValuesAreJson) {
  for (auto rows : {sampling_fields(), hint_fields(), chat_hint_fields(), structure_fields(), tool_fields()})
    for (const Field& field : rows) {
      std::stringstream values{std::string(field.harmless)};
      for (std::string value; std::getline(values, value, '|');)
        EXPECT_TRUE(Json::parse(value)) << field.name;
    }
}

}  // namespace
}  // namespace api
