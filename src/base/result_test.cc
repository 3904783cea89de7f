#include "base/result.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace base {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Code::invalid_argument, "odd");
  return value / 2;
}

Result<int> quarter(int value) {
  const int halved = TRY(half(value));
  return half(halved);
}

Status check_even(int value) {
  TRY(half(value));
  return {};
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(check_even(2).has_value());
  EXPECT_EQ(check_even(3).error().code, Code::invalid_argument);
}

TEST(Result, AddsContextInFront) {
  const Result<int> failed = fail(half(3).error(), "model 'x'");
  EXPECT_EQ(failed.error().message, "model 'x': odd");
  EXPECT_EQ(failed.error().code, Code::invalid_argument);
}

TEST(Result, NamesEveryCode) {
  EXPECT_STREQ(code_name(Code::invalid_argument), "invalid_argument");
  EXPECT_STREQ(code_name(Code::internal), "internal");
}

TEST(CheckDeathTest, EndsTheProcessAndSaysWhere) {
  const int two = 2;
  EXPECT_DEATH(CHECK(two + two == 5), "result_test.cc:.*two \\+ two == 5");
  CHECK(two + two == 4);
}

}  // namespace
}  // namespace base
