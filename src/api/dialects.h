#pragma once
// Every dialect that the server speaks. docs/architecture.md ("Adding a dialect") says how one is added.
#include <span>
#include <string_view>

#include "api/common/environment.h"
#include "api/common/errors.h"
#include "http/router.h"

namespace api {

struct Dialect {
  std::string_view name;
  // Paths that begin like this are its own: errors there have its shape, whoever finds them. Of several
  // dialects the longest prefix decides; "" is everybody else's.
  std::span<const std::string_view> prefixes;
  http::Response (*error_response)(const ApiError& error, std::string_view request_id);
  // The environment outlives the router.
  void (*add_routes)(http::Router& router, const Environment& environment);
};

std::span<const Dialect> all_dialects();
const Dialect& dialect_of(std::string_view path);

}  // namespace api
