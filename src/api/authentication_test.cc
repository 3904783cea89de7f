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

TEST(KeyRing, TellsKeysApart) {
  const KeyRing keys({"sk-one", "sk-two"});
  const std::string one = keys.id_of(with("Authorization", "Bearer sk-one"));
  EXPECT_EQ(one.size(), 16u);
  EXPECT_EQ(one, keys.id_of(with("X-Api-Key", " sk-one ")));
  EXPECT_NE(one, keys.id_of(with("Authorization", "Bearer sk-two")));
  EXPECT_EQ(keys.id_of(with("Authorization", "Bearer other")), "");
  EXPECT_EQ(keys.id_of(http::Request{}), "");
}

}  // namespace
}  // namespace api
