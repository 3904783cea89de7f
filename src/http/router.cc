#include "http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"

namespace http {
namespace {

std::optional<std::vector<Parameter>> match(std::string_view pattern, std::string_view path) {
  std::vector<Parameter> out;
  const auto wanted = base::split(pattern, '/');
  const auto given = base::split(path, '/');
  size_t offset = 0;  // of the current segment in `path`
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (i >= given.size()) return std::nullopt;
    const std::string_view segment = wanted[i];
    if (!segment.starts_with('{')) {
      if (segment != given[i]) return std::nullopt;
    } else if (segment.ends_with("...}")) {
      if (path.substr(offset).empty()) return std::nullopt;
      out.push_back({std::string(segment.substr(1, segment.size() - 5)), std::string(path.substr(offset))});
      return out;
    } else {
      if (given[i].empty()) return std::nullopt;
      out.push_back({std::string(segment.substr(1, segment.size() - 2)), std::string(given[i])});
    }
    offset += given[i].size() + 1;
  }
  if (given.size() != wanted.size()) return std::nullopt;
  return out;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler, RunOn run_on, size_t body_bytes) {
  routes_.push_back({std::move(method), std::move(pattern), std::move(handler), run_on, body_bytes});
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match out;
  auto allow = [&](const std::string& name) {
    if (std::find(out.allowed.begin(), out.allowed.end(), name) == out.allowed.end())
      out.allowed.push_back(name);
  };
  for (const Route& route : routes_) {
    auto parameters = match(route.pattern, path);
    if (!parameters) continue;
    allow(route.method);
    if (route.method == "GET") allow("HEAD");
    const bool fits = route.method == method || (method == "HEAD" && route.method == "GET");
    if (fits && !out.route) {
      out.route = &route;
      out.parameters = std::move(*parameters);
    }
  }
  if (!out.allowed.empty()) allow("OPTIONS");
  return out;
}

}  // namespace http
