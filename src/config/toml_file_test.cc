#include "config/toml_file.h"

#include <gtest/gtest.h>

namespace config {
namespace {

using Kind = FileEntry::Kind;

TEST(TomlFile, GivesKeysWithTheirLines) {
  const auto entries =
      parse_toml("# mine\nthreads = 2\n\nhost = \"::1\"\nb = true\nt = 0.5\nwhen = 2025-01-01\n", "f")
          .value();
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].key, "threads");
  EXPECT_EQ(entries[0].text, "2");
  EXPECT_EQ(entries[0].kind, Kind::integer);
  EXPECT_EQ(entries[0].line, 2);
  EXPECT_EQ(entries[1].text, "::1");
  EXPECT_EQ(entries[1].line, 4);
  EXPECT_EQ(entries[2].kind, Kind::boolean);
  EXPECT_EQ(entries[3].text, "0.5");
  EXPECT_EQ(entries[4].kind, Kind::other);
}

TEST(TomlFile, GivesTheLinesOfModels) {
  const auto entries =
      parse_toml(
          "threads = 2\n[model.a]\ncontext = 4096\naliases = [\"b\", \"c\"]\n[model.\"q2.5:7b\"]\nx = [1]\n",
          "f")
          .value();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].model, std::nullopt);
  EXPECT_EQ(entries[1].model, "a");
  EXPECT_EQ(entries[1].text, "4096");
  EXPECT_EQ(entries[2].kind, Kind::texts);
  EXPECT_EQ(entries[2].texts, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(entries[2].line, 4);
  EXPECT_EQ(entries[3].model, "q2.5:7b");
  EXPECT_EQ(entries[3].kind, Kind::other);
  EXPECT_EQ(parse_toml("model.x = 3", "f").value()[0].key, "model.x");
}

TEST(TomlFile, NamesFileAndLineOfAnError) {
  for (const char* text : {"a = 1\nb = \n", "a = 1\na = 2\n", "a = 1\n= 3", "a = 1\nb = 'x"}) {
    const auto result = parse_toml(text, "/etc/my.toml");
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_TRUE(result.error().message.starts_with("/etc/my.toml:")) << result.error().message;
    EXPECT_EQ(result.error().code, base::Code::invalid_argument);
  }
  EXPECT_TRUE(parse_toml("a = 1\nb = \n", "f").error().message.starts_with("f:2: "));
}

TEST(TomlFile, BearsHostileNesting) {
  EXPECT_FALSE(parse_toml("a = " + std::string(100'000, '['), "f").has_value());
}

}  // namespace
}  // namespace config
