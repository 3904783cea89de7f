#include "apps/domicile/chat_settings.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

TEST(ChatSettings, TakesNumbersWithinTheirRange) {
  ChatSettings settings;
  EXPECT_TRUE(settings.set("temperature", "0.25"));
  EXPECT_TRUE(settings.set("top_k", "40")) << "as other programs spell it";
  EXPECT_EQ(settings.sampling.temperature, 0.25);
  EXPECT_EQ(settings.sampling.top_k, 40);
  for (const char* value : {"-1", "nan", "inf", "1e9", "warm", "", "0.5x"})
    EXPECT_FALSE(settings.set("temperature", value)) << value;
  for (const char* value : {"1.5", "-0.1", "nan"}) EXPECT_FALSE(settings.set("top-p", value)) << value;
  for (const char* value : {"0", "-1", "1.5", "99999999999999999999"})
    EXPECT_FALSE(settings.set("max-tokens", value)) << value;
  EXPECT_EQ(settings.sampling.temperature, 0.25) << "a wrong value changes nothing";
}

TEST(ChatSettings, TakesASettingBackWithDefault) {
  ChatSettings settings;
  for (const char* name : {"temperature", "top-k", "top-p", "min-p", "seed", "max-tokens"}) {
    ASSERT_TRUE(settings.set(name, "1")) << name;
    ASSERT_TRUE(settings.set(name, "default")) << name;
  }
  EXPECT_FALSE(settings.sampling.temperature || settings.sampling.top_k || settings.sampling.top_p ||
               settings.sampling.min_p || settings.seed || settings.max_tokens);
}

TEST(ChatSettings, SwitchesThinkingOnOffAndBack) {
  ChatSettings settings;
  ASSERT_TRUE(settings.set("think", "off"));
  EXPECT_EQ(settings.think, false);
  ASSERT_TRUE(settings.set("think", "default"));
  EXPECT_FALSE(settings.think.has_value());
  EXPECT_FALSE(settings.set("think", "maybe"));
}

TEST(ChatSettings, NamesWhatItDoesNotKnow) {
  ChatSettings settings;
  const auto done = settings.set("temprature", "1");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "there is no setting 'temprature': /set lists them");
}

TEST(ChatSettings, ListsEverySetting) {
  ChatSettings settings;
  ASSERT_TRUE(settings.set("seed", "7"));
  const std::string text = settings.to_text({.top_k = 40});
  EXPECT_NE(text.find("top-k        40 (the model's own)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("seed         7\n"), std::string::npos) << text;
  for (const char* name : {"temperature", "top-k", "top-p", "min-p", "max-tokens", "think", "stats"})
    EXPECT_NE(text.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace apps
