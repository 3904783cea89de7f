#include "api/common/messages.h"

#include <gtest/gtest.h>

#include "tests/support/byte_tokenizer.h"

namespace api {
namespace {

using base::Json;

// The prompt that a template makes of one message with two parts.
std::string prompt_of_parts(std::string_view source) {
  const auto parsed = chat::Template::parse(source);
  EXPECT_TRUE(parsed);
  const tests::ByteTokenizer tokenizer;
  serving::ServedModel model;
  model.tokenizer = &tokenizer;
  model.chat_template = &*parsed;
  Environment environment;
  environment.local_time = serving::local_time;
  Chat chat;
  Json message(Json::Object{});
  message.set("role", "user");
  message.set("content", Json::Array{text_part("a"), text_part("b")});
  chat.messages.push_back(message);
  std::vector<std::string> ignored;
  const auto prompt = chat_prompt(environment, model, std::move(chat), ignored, "messages");
  EXPECT_TRUE(prompt);
  return prompt ? prompt->text : "";
}

TEST(ChatPrompt, PartsAreJoinedWithNothingBetween) {
  EXPECT_EQ(prompt_of_parts("{% for m in messages %}{{ m.content }}{% endfor %}"), "ab");
  EXPECT_EQ(prompt_of_parts("{% for m in messages %}{{ m.content | trim }}{% endfor %}"), "ab");
}

TEST(ChatPrompt, ATemplateThatWalksOverListsGetsTheList) {
  EXPECT_EQ(
      prompt_of_parts("{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
                      "{% for part in m.content %}<{{ part.text }}>{% endfor %}{% endif %}{% endfor %}"),
      "<a><b>");
}

TEST(ChatPrompt, ATemplateThatComplainsAboutListsGetsText) {
  EXPECT_EQ(prompt_of_parts("{% for m in messages %}{% if m.content is not string %}"
                            "{{ raise_exception('no lists') }}{% endif %}{{ m.content }}{% endfor %}"),
            "ab");
}

}  // namespace
}  // namespace api
