#include "http/router.h"

#include <gtest/gtest.h>

namespace http {
namespace {

Router make_router() {
  Router router;
  router.add("GET", "/health", nullptr);
  router.add("GET", "/v1/files/{id}/content", nullptr);
  router.add("GET", "/v1/models/{id...}", nullptr);
  router.add("POST", "/v1/things", nullptr);
  router.add("GET", "/v1/things", nullptr);
  return router;
}

TEST(Router, FindsByMethodAndPath) {
  const Router router = make_router();
  EXPECT_EQ(router.find("GET", "/health").route, &router.routes()[0]);
  EXPECT_EQ(router.find("POST", "/v1/things").route, &router.routes()[3]);
  EXPECT_FALSE(router.find("GET", "/healt").route);
  EXPECT_TRUE(router.find("GET", "/health/").allowed.empty());
}

TEST(Router, HeadGoesToGet) {
  const Router router = make_router();
  EXPECT_EQ(router.find("HEAD", "/health").route, &router.routes()[0]);
}

TEST(Router, NamesTheMethodsThatThePathTakes) {
  const auto match = make_router().find("DELETE", "/v1/things");
  EXPECT_FALSE(match.route);
  EXPECT_EQ(match.allowed, (std::vector<std::string>{"POST", "GET", "HEAD", "OPTIONS"}));
}

TEST(Router, TakesSegmentsAndRests) {
  const Router router = make_router();
  const auto file = router.find("GET", "/v1/files/f-1/content");
  ASSERT_TRUE(file.route);
  EXPECT_EQ(file.parameters[0].value, "f-1");
  const auto model = router.find("GET", "/v1/models/Qwen/Qwen3-0.6B");
  ASSERT_TRUE(model.route);
  EXPECT_EQ(model.parameters[0].name, "id");
  EXPECT_EQ(model.parameters[0].value, "Qwen/Qwen3-0.6B");
  EXPECT_FALSE(router.find("GET", "/v1/models/").route);
  EXPECT_FALSE(router.find("GET", "/v1/files//content").route);
}

}  // namespace
}  // namespace http
