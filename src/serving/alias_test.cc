#include "serving/alias.h"

#include <gtest/gtest.h>

#include "serving/model_directory.h"
#include "serving/prompt.h"
#include "tests/support/byte_tokenizer.h"

namespace serving {
namespace {

using base::Json;

constexpr std::string_view kPlain = "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}";

struct Fixture {
  Fixture() {
    auto parsed = chat::Template::parse(kPlain);
    EXPECT_TRUE(parsed);
    chat_template.emplace(std::move(*parsed));
    auto served = std::make_shared<ServedModel>();
    served->id = "m";
    served->tokenizer = &tokenizer;
    served->chat_template = &*chat_template;
    served->defaults = {.temperature = 0.5, .top_k = 7};
    served->defaults.repetition_penalty = 1.2;
    model = std::move(served);
  }
  static Json message(std::string role, std::string content) {
    Json out(Json::Object{});
    out.set("role", std::move(role));
    out.set("content", std::move(content));
    return out;
  }
  static std::string rendered(const ServedModel& with, Json::Array messages) {
    const auto prompt = chat_prompt(with, {.messages = std::move(messages), .variables = {}});
    EXPECT_TRUE(prompt) << prompt.error().message;
    return prompt ? prompt->text : "";
  }
  tests::ByteTokenizer tokenizer;
  std::optional<chat::Template> chat_template;
  std::shared_ptr<const ServedModel> model;
};

TEST(Alias, SettingsWinOverTheModelsOwnAndTheRestStays) {
  Fixture fixture;
  const auto alias = make_alias(fixture.model, {.id = "a", .sampling = {.temperature = 0.1}});
  ASSERT_TRUE(alias);
  EXPECT_EQ((*alias)->id, "a");
  EXPECT_EQ((*alias)->presets.parent, "m");
  EXPECT_EQ((*alias)->defaults.temperature, 0.1);
  EXPECT_EQ((*alias)->defaults.top_k, 7);
  EXPECT_EQ((*alias)->defaults.repetition_penalty, 1.2);
}

TEST(Alias, ItsMessagesStandBeforeTheRequestsAndItsSystemMessageGivesWay) {
  Fixture fixture;
  AliasSettings settings{.id = "a"};
  settings.presets.messages = Json::Array{Fixture::message("system", "S"), Fixture::message("user", "q")};
  const auto alias = make_alias(fixture.model, std::move(settings));
  ASSERT_TRUE(alias);
  EXPECT_EQ(Fixture::rendered(**alias, {Fixture::message("user", "hi")}), "system:S;user:q;user:hi;");
  EXPECT_EQ(Fixture::rendered(**alias, {Fixture::message("system", "T"), Fixture::message("user", "hi")}),
            "system:T;user:q;user:hi;");
}

TEST(Alias, OfAnAliasInheritsWhatItLeavesOpen) {
  Fixture fixture;
  AliasSettings first{.id = "a"};
  first.presets.stop = {"END"};
  first.presets.max_tokens = 5;
  first.presets.parameters.set("num_predict", 5);
  const auto alias = make_alias(fixture.model, std::move(first));
  AliasSettings second{.id = "b"};
  second.presets.stop = {"FIN"};
  const auto other = make_alias(*alias, std::move(second));
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->presets.stop, std::vector<std::string>{"FIN"});
  EXPECT_EQ((*other)->presets.max_tokens, 5);
  EXPECT_EQ((*other)->presets.parameters.write(), R"({"num_predict":5})");
}

TEST(Alias, ATemplateOfItsOwnIsUsedAndOneThatDoesNotParseRefused) {
  Fixture fixture;
  const auto alias = make_alias(fixture.model, {.id = "a", .template_source = "[{{ messages[0].content }}]"});
  ASSERT_TRUE(alias);
  EXPECT_EQ(Fixture::rendered(**alias, {Fixture::message("user", "hi")}), "[hi]");
  EXPECT_EQ(Fixture::rendered(*fixture.model, {Fixture::message("user", "hi")}), "user:hi;");
  const auto wrong = make_alias(fixture.model, {.id = "b", .template_source = "{{ .Prompt }}"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, base::Code::invalid_argument);
  EXPECT_EQ(check_alias({.id = "b", .template_source = "{{ .Prompt }}"}).error().message,
            wrong.error().message);
}

TEST(ModelDirectory, PutReplacesUnderTheSameNameAndRemoveForgets) {
  Fixture fixture;
  ModelDirectory directory;
  ASSERT_TRUE(directory.put(fixture.model));
  const auto alias = make_alias(fixture.model, {.id = "a"});
  ASSERT_TRUE(directory.put(*alias));
  ASSERT_TRUE(directory.put(*make_alias(fixture.model, {.id = "a", .sampling = {.temperature = 0}})));
  ASSERT_EQ(directory.all().size(), 2u);
  EXPECT_EQ(directory.find("a:latest")->defaults.temperature, 0);
  EXPECT_TRUE(directory.remove("a:latest"));
  EXPECT_FALSE(directory.remove("a"));
  EXPECT_EQ(directory.find("a"), nullptr);
  EXPECT_EQ(directory.find("m").get(), fixture.model.get());
}

}  // namespace
}  // namespace serving
