#include "base/json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace base {
namespace {

Json parsed(std::string_view text) {
  auto result = Json::parse(text);
  EXPECT_TRUE(result.has_value()) << text << ": " << result.error().message;
  return result.value_or(Json());
}

std::string error_of(std::string_view text) {
  auto result = Json::parse(text);
  EXPECT_FALSE(result.has_value()) << text << " was taken";
  return result ? "" : result.error().message;
}

TEST(Json, ReadsEveryKindOfValue) {
  const Json value = parsed(R"( {"a": [1, -2.5, "x", true, false, null], "b": {}} )");
  const Json::Array& a = value.find("a")->as_array();
  EXPECT_EQ(a[0].as_integer(), 1);
  EXPECT_EQ(a[1].as_double(), -2.5);
  EXPECT_EQ(a[2].as_string(), "x");
  EXPECT_TRUE(a[3].as_bool());
  EXPECT_FALSE(a[4].as_bool());
  EXPECT_TRUE(a[5].is_null());
  EXPECT_TRUE(value.find("b")->as_object().empty());
  EXPECT_EQ(value.find("c"), nullptr);
}

TEST(Json, KeepsIntegersWhole) {
  EXPECT_EQ(parsed("9223372036854775807").as_integer(), INT64_MAX);
  EXPECT_EQ(parsed("-9223372036854775808").as_integer(), INT64_MIN);
  const Json big = parsed("[9223372036854775808,-123456789012345678901234567890]");
  EXPECT_EQ(big.as_array()[0].as_big_integer().digits, "9223372036854775808");
  EXPECT_EQ(big.write(), "[9223372036854775808,-123456789012345678901234567890]");
  EXPECT_EQ(big.as_array()[0].as_double(), 9223372036854775808.0);
  EXPECT_EQ(Json(SIZE_MAX).write(), "18446744073709551615");
}

TEST(Json, RefusesWhatADoubleCannotHold) {
  EXPECT_EQ(error_of("1e400"), "JSON line 1, column 1: number 1e400 is too large");
  error_of("-1e400");
  error_of("1" + std::string(400, '0'));
  error_of("0.0001e99999999999999999999999999");
  EXPECT_EQ(parsed("1.7976931348623157e308").as_double(), std::numeric_limits<double>::max());
}

TEST(Json, ReadsTooSmallNumbersAsZero) {
  EXPECT_EQ(parsed("1e-400").as_double(), 0.0);
  EXPECT_TRUE(std::signbit(parsed("-1e-99999999999999999999").as_double()));
  EXPECT_EQ(parsed("0." + std::string(500, '0') + "1").as_double(), 0.0);
  EXPECT_EQ(parsed("0e400").as_double(), 0.0);
  EXPECT_EQ(parsed("5e-324").as_double(), std::numeric_limits<double>::denorm_min());
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",        " ",     "nul",   "nulll",      "NaN",     "Infinity",  "-Infinity",   "-",
        "+1",      "01",    "-01",   "1.",         ".5",      "1e",        "1e+",         "0x1",
        "[1,]",    "[1 2]", "[",     "{",          "{\"a\"}", "{\"a\":}",  "{\"a\":1,}",  "{a:1}",
        "{'a':1}", "'a'",   "\"",    "\"a",        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u-123\"",
        "1 2",     "[]]",   "/**/1", "true false", "\"\t\"",  "\"\\"})
    error_of(text);
  error_of(std::string_view("\"\0\"", 3));
  error_of(std::string_view("1\0", 2));
  error_of(std::string_view("\0", 1));
}

TEST(Json, RefusesAByteOrderMark) {
  EXPECT_EQ(error_of("\xEF\xBB\xBF{}"),
            "JSON line 1, column 1: a byte order mark is not allowed before JSON");
}

TEST(Json, RefusesDuplicateKeysAndSaysWhere) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\": 2,\n  \"a\": 3}"), "JSON line 3, column 3: duplicate key \"a\"");
  error_of(R"({"a":1,"\u0061":2})");
}

TEST(Json, RefusesLoneSurrogatesAndInvalidUtf8) {
  error_of(R"("\uD800")");
  error_of(R"("\uDC00")");
  error_of(R"("\uD800\u0041")");
  error_of(R"("\uD800x")");
  error_of("\"\xC0\x80\"");
  error_of("\"\xED\xA0\x80\"");
  error_of("\"\xF4\x90\x80\x80\"");
  error_of("{\"\xFF\": 1}");
  EXPECT_EQ(parsed(R"("\ud83d\ude00\u00e9")").as_string(), "😀é");
  EXPECT_EQ(parsed("\"😀\"").as_string(), "😀");
}

TEST(Json, BoundsDepthAndSize) {
  EXPECT_TRUE(Json::parse(std::string(64, '[') + std::string(64, ']')).has_value());
  EXPECT_EQ(error_of(std::string(65, '[') + std::string(65, ']')),
            "JSON line 1, column 65: nested deeper than 64 levels");
  error_of(std::string(10'000'000, '['));
  EXPECT_FALSE(Json::parse(std::string(1'000'000, '['), {.max_depth = 1 << 30}).has_value());
  const auto too_long = Json::parse("[1,2,3]", {.max_size_bytes = 6});
  EXPECT_EQ(too_long.error().code, Code::exhausted);
}

TEST(Json, SiblingsDoNotAddToDepth) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "[{}],";
  EXPECT_TRUE(Json::parse(text + "1]").has_value());
}

TEST(Json, CountsColumnsInCharacters) {
  EXPECT_EQ(error_of("[\"日本\", x]"), "JSON line 1, column 8: expected a value but found 'x'");
}

TEST(Json, WritesWhatItReads) {
  for (const char* text :
       {R"({"b":[1,2.5,"x"],"a":{"c":null,"d":true}})", R"("\"\\\b\f\n\r\t\u0001\u007f\u2028é")", "[]", "{}",
        "-0.0", "1e+300", "0.1", "1.0"})
    EXPECT_EQ(parsed(text).write(), text);
}

TEST(Json, WritesShortestDoublesAndNullForTheRest) {
  EXPECT_EQ(Json(0.1).write(), "0.1");
  EXPECT_EQ(Json(3.0).write(), "3.0");
  EXPECT_EQ(Json(NAN).write(), "null");
  EXPECT_EQ(Json(-INFINITY).write(), "null");
  EXPECT_EQ(format_double(1e30), "1e+30");
  EXPECT_EQ(format_float(0.1f), "0.1");
  EXPECT_EQ(format_double(NAN), "null");
}

TEST(Json, WritesInvalidBytesAsReplacementCharacters) {
  EXPECT_EQ(Json("a\xFFz").write(), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(json_quote("\x1b[31m\xE2\x80\xAE"), R"("\u001b[31m\u202e")");
}

TEST(Json, WritesPretty) {
  EXPECT_EQ(parsed(R"({"a":[1,{}],"b":[]})").write_pretty(),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

TEST(Json, SetsAndAppends) {
  Json value;
  value.set("a", 1);
  value.set("b", "x");
  value.set("a", uint32_t{4'000'000'000});
  Json list;
  list.push_back(size_t{2});
  list.push_back(nullptr);
  value.set("list", list);
  EXPECT_EQ(value.write(), R"({"a":4000000000,"b":"x","list":[2,null]})");
}

// A quadratic reader needs minutes for these.
TEST(Json, TakesLinearTime) {
  const auto begin = std::chrono::steady_clock::now();
  std::string keys = "{";
  for (int i = 0; i < 200'000; ++i) keys += cat("\"k", i, "\":", i, ",");
  EXPECT_TRUE(Json::parse(keys + "\"z\":0}").has_value());
  EXPECT_TRUE(Json::parse("\"" + std::string(8'000'000, 'a') + "\"").has_value());
  std::string escapes = "\"";
  for (int i = 0; i < 500'000; ++i) escapes += "\\u00e9";
  EXPECT_TRUE(Json::parse(escapes + "\"").has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace base
