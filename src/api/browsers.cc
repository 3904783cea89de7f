#include "api/browsers.h"

#include <string>

#include "http/server.h"

namespace api {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

}  // namespace

bool is_loopback_authority(std::string_view authority) {
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket))
    authority = authority.substr(0, colon);
  return http::is_loopback_host(std::string(authority)) || authority.ends_with(".localhost");
}

bool is_loopback_origin(std::string_view origin) {
  for (std::string_view scheme : {kHttp, kHttps})
    if (origin.starts_with(scheme)) return is_loopback_authority(origin.substr(scheme.size()));
  return false;
}

std::optional<std::string_view> refusal_of_page(const http::Request& head) {
  if (const auto host = head.headers.find("host"); host && !is_loopback_authority(*host))
    return "without a key this server answers only to the names of this machine, such as localhost";
  const auto origin = head.headers.find("origin");
  if (!origin || is_loopback_origin(*origin)) return std::nullopt;
  // Programs with pages of their own (editors, desktop clients) come with schemes of their own.
  const bool is_web = origin->starts_with(kHttp) || origin->starts_with(kHttps) || *origin == "null";
  if (is_web) return "without a key this server answers no pages of other sites";
  return std::nullopt;
}

void add_cors_headers(const http::Request& request, http::Response& response) {
  const auto origin = request.headers.find("origin");
  if (!origin || !is_loopback_origin(*origin)) return;
  response.headers.add("access-control-allow-origin", std::string(*origin));
  response.headers.add("access-control-expose-headers", "x-request-id, x-ignored-fields, retry-after");
  response.headers.add("vary", "origin");
  if (request.method != "OPTIONS") return;
  response.headers.add("access-control-allow-methods", "GET, POST, DELETE, OPTIONS");
  const auto wanted = request.headers.find("access-control-request-headers");
  response.headers.add("access-control-allow-headers",
                       wanted ? std::string(*wanted) : "authorization, content-type");
  response.headers.add("access-control-max-age", "600");
}

}  // namespace api
