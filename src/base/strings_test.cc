#include "base/strings.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using Parts = std::vector<std::string_view>;

TEST(Strings, CatJoinsTextAndNumbers) {
  EXPECT_EQ(cat("needs ", 3, " of ", std::string("x"), ' ', 2.5, true, size_t{7}, std::string_view("!")),
            "needs 3 of x 2.5true7!");
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,b,,c", ','), (Parts{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (Parts{""}));
  EXPECT_EQ(split(",", ','), (Parts{"", ""}));
}

TEST(Strings, TrimTakesBlanksFromBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(to_lower_ascii("AbÉ"), "abÉ");
}

TEST(Strings, ParsesWholeTextsOnly) {
  EXPECT_EQ(parse_int("-42"), -42);
  EXPECT_EQ(parse_int("42x"), std::nullopt);
  EXPECT_EQ(parse_int(""), std::nullopt);
  EXPECT_EQ(parse_int(" 1"), std::nullopt);
  EXPECT_EQ(parse_int("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_double("2.5e3"), 2500.0);
  EXPECT_EQ(parse_double("nan"), std::nullopt);
  EXPECT_EQ(parse_double("inf"), std::nullopt);
  EXPECT_EQ(parse_double("1.5.2"), std::nullopt);
}

TEST(Strings, FormatsBytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(format_bytes(9'781'231'616), "9.1 GiB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "16.0 EiB");
}

TEST(Strings, ParsesBytes) {
  EXPECT_EQ(parse_bytes("4096"), 4096u);
  EXPECT_EQ(parse_bytes("16 GiB"), uint64_t{16} << 30);
  EXPECT_EQ(parse_bytes("512M"), uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes("1.5g"), uint64_t{3} << 29);
  EXPECT_EQ(parse_bytes("2kb"), 2048u);
  EXPECT_EQ(parse_bytes("7 B"), 7u);
  for (const char* text :
       {"", "x", "1x", "1 GiBs", "-1", "1e400G", "99999999999999999999", "99999999999T", "1.2.3M"})
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
}

TEST(Strings, ReadsDurationsAsGoWritesThem) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  EXPECT_EQ(parse_duration("-1"), milliseconds(-1000));
  EXPECT_EQ(parse_duration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration(" 1.5s "), milliseconds(1500));
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  for (const char* text : {"", "-", "m", "5x", "1h-3m", "1..5s", "1e9", "99999999h", "nan", "5 m"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

}  // namespace
}  // namespace base
