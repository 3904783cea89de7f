#include "http/message.h"

#include <gtest/gtest.h>

#include "http/target.h"

namespace http {
namespace {

TEST(Headers, CompareNamesWithoutRegardToCase) {
  Headers headers;
  headers.add("Content-Type", "text/plain");
  EXPECT_EQ(headers.find("content-type"), "text/plain");
  EXPECT_FALSE(headers.find("content-typ"));
}

TEST(Headers, FindTokensInLists) {
  Headers headers;
  headers.add("Connection", "keep-alive, Upgrade");
  headers.add("connection", "x");
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("connection", "X"));
  EXPECT_FALSE(headers.has_token("connection", "keep"));
}

TEST(Headers, SetReplacesAllOfThatName) {
  Headers headers;
  headers.add("a", "1");
  headers.add("A", "2");
  headers.set("a", "3");
  EXPECT_EQ(headers.count("a"), 1);
  EXPECT_EQ(headers.find("a"), "3");
}

TEST(PercentDecode, DecodesAndRefusesCutCodes) {
  EXPECT_EQ(percent_decode("a%20b%2Fc"), "a b/c");
  EXPECT_FALSE(percent_decode("%2"));
  EXPECT_FALSE(percent_decode("%zz"));
}

TEST(Target, ReadsOriginAndAbsoluteForms) {
  EXPECT_EQ(read_target("/v1/models?limit=2")->path, "/v1/models");
  EXPECT_EQ(read_target("/v1/models?limit=2")->query, "limit=2");
  EXPECT_EQ(read_target("http://host:80/health")->path, "/health");
  EXPECT_EQ(read_target("http://host")->path, "/");
  EXPECT_FALSE(read_target("health"));
  EXPECT_FALSE(read_target(""));
}

}  // namespace
}  // namespace http
