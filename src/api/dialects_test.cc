#include "api/dialects.h"

#include <gtest/gtest.h>

#include <set>

namespace api {
namespace {

TEST(Dialects, WhatNobodyClaimsIsOpenAis) {
  EXPECT_EQ(dialect_of("/v1/chat/completions").name, "openai");
  EXPECT_EQ(dialect_of("/nowhere").name, "openai");
  EXPECT_EQ(dialect_of("").name, "openai");
}

TEST(Dialects, NoPrefixIsClaimedTwice) {
  std::set<std::string_view> seen;
  for (const Dialect& dialect : all_dialects())
    for (std::string_view prefix : dialect.prefixes) EXPECT_TRUE(seen.insert(prefix).second) << prefix;
}

}  // namespace
}  // namespace api
