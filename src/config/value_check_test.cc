#include "config/value_check.h"

#include <gtest/gtest.h>

namespace config {
namespace {

std::string complaint(const Setting& setting, std::string_view text) {
  const auto status = check_value(setting, text);
  return status ? "" : status.error().message;
}

TEST(CheckValue, TakesAndRefusesByType) {
  EXPECT_EQ(complaint({.name = "n", .type = Type::integer}, "12"), "");
  EXPECT_EQ(complaint({.name = "n", .type = Type::integer}, "1.5"), "'1.5' is not a whole number");
  EXPECT_EQ(complaint({.name = "n", .type = Type::number}, "1.5"), "");
  EXPECT_EQ(complaint({.name = "n", .type = Type::number}, "nan"), "'nan' is not a number");
  EXPECT_EQ(complaint({.name = "n", .type = Type::boolean}, "off"), "");
  EXPECT_EQ(complaint({.name = "n", .type = Type::boolean}, "maybe"), "'maybe' is neither true nor false");
  EXPECT_EQ(complaint({.name = "n", .type = Type::bytes}, "1.5GiB"), "");
  EXPECT_EQ(complaint({.name = "n", .type = Type::bytes}, "lots"),
            "'lots' is not a size such as 512M or 16GiB");
  EXPECT_EQ(complaint({.name = "n", .type = Type::choice, .choices = "a|b|c"}, "b"), "");
  EXPECT_EQ(complaint({.name = "n", .type = Type::choice, .choices = "a|b|c"}, "d\n"),
            "'d\\n' is not one of a, b or c");
  EXPECT_EQ(complaint({.name = "n", .type = Type::path}, ""), "is empty");
  EXPECT_EQ(complaint({.name = "n"}, ""), "");
}

TEST(CheckValue, KeepsToTheRange) {
  const Setting port = {.name = "port", .type = Type::integer, .least = 0, .most = 65535};
  EXPECT_EQ(complaint(port, "65535"), "");
  EXPECT_EQ(complaint(port, "65536"), "65535 is the most allowed");
  EXPECT_EQ(complaint(port, "-1"), "0 is the least allowed");
}

TEST(CheckValue, AnEmptySecretIsNoSecret) {
  EXPECT_EQ(complaint({.name = "api-key", .secret = true}, ""), "is empty");
}

TEST(CheckValue, KnowsTrueFromFalse) {
  for (const char* text : {"true", "1", "yes", "on"}) EXPECT_TRUE(boolean_of(text));
  for (const char* text : {"false", "0", "no", "off"}) EXPECT_FALSE(boolean_of(text));
}

}  // namespace
}  // namespace config
