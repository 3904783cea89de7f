#include "api/browsers.h"

#include <gtest/gtest.h>

namespace api {
namespace {

http::Request with(const std::string& host, const std::string& origin = "") {
  http::Request request;
  request.method = "POST";
  request.headers.add("Host", host);
  if (!origin.empty()) request.headers.add("Origin", origin);
  return request;
}

TEST(Browsers, KnowThisMachinesNames) {
  for (const char* name :
       {"localhost", "localhost:11434", "127.0.0.1:80", "[::1]:80", "[::1]", "app.localhost:3000"})
    EXPECT_TRUE(is_loopback_authority(name)) << name;
  for (const char* name :
       {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", ""})
    EXPECT_FALSE(is_loopback_authority(name)) << name;
}

TEST(Browsers, PagesOfOtherSitesAreRefused) {
  EXPECT_FALSE(refusal_of_page(with("localhost:11434")));
  EXPECT_FALSE(refusal_of_page(with("localhost:11434", "http://localhost:3000")));
  EXPECT_FALSE(refusal_of_page(with("localhost:11434", "vscode-webview://abc")));
  EXPECT_TRUE(refusal_of_page(with("localhost:11434", "https://evil.example")));
  EXPECT_TRUE(refusal_of_page(with("localhost:11434", "https://localhost.evil.example")));
  EXPECT_TRUE(refusal_of_page(with("localhost:11434", "null")));
}

TEST(Browsers, ANameThatWasMadeToPointHereIsRefused) {
  EXPECT_TRUE(refusal_of_page(with("rebound.example:11434")));
}

TEST(Browsers, OnlyPagesOfThisMachineMayRead) {
  http::Response response;
  add_cors_headers(with("h", "https://evil.example"), response);
  EXPECT_TRUE(response.headers.all().empty());
  add_cors_headers(with("h", "http://127.0.0.1:5173"), response);
  EXPECT_EQ(response.headers.find("access-control-allow-origin"), "http://127.0.0.1:5173");
  EXPECT_FALSE(response.headers.find("access-control-allow-credentials"));
}

}  // namespace
}  // namespace api
