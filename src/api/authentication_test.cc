#include "api/authentication.h"

#include <gtest/gtest.h>

namespace api {
namespace {

http::Request with(const std::string& name, const std::string& value) {
  http::Request request;
  request.headers.add(name, value);
  return request;
}

TEST(KeyRing, AdmitsAKeyInEitherHeader) {
  const KeyRing keys({"sk-one", "sk-two"});
  EXPECT_TRUE(keys.admits(with("Authorization", "Bearer sk-one")));
  EXPECT_TRUE(keys.admits(with("authorization", "bearer  sk-two ")));
  EXPECT_TRUE(keys.admits(with("X-Api-Key", "sk-two")));
}

TEST(KeyRing, AdmitsNothingElse) {
  const KeyRing keys({"sk-one"});
  EXPECT_FALSE(keys.admits(http::Request{}));
  EXPECT_FALSE(keys.admits(with("Authorization", "Bearer sk-on")));
  EXPECT_FALSE(keys.admits(with("Authorization", "Bearer ")));
  EXPECT_FALSE(keys.admits(with("Authorization", "sk-one")));
  EXPECT_FALSE(keys.admits(with("Authorization", "Basic sk-one")));
  EXPECT_FALSE(keys.admits(with("X-Api-Key", "")));
  EXPECT_FALSE(KeyRing({}).admits(with("X-Api-Key", "sk-one")));
}

}  // namespace
}  // namespace api
