#include "api/openai/errors.h"

#include "base/json.h"
#include "base/strings.h"

namespace api::openai {
namespace {

using base::Json;

const char* type_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::permission:
      return "permission_error";
    case ErrorKind::loading:
    case ErrorKind::overloaded:
      return "unavailable_error";
    case ErrorKind::internal:
      return "server_error";
    default:
      return "invalid_request_error";
  }
}

}  // namespace

std::string error_body(const ApiError& error) {
  auto or_null = [](const std::optional<std::string>& text) { return text ? Json(*text) : Json(); };
  Json inner(Json::Object{});
  inner.set("message", error.message);
  inner.set("type", type_of(error.kind));
  inner.set("param", or_null(error.param));
  inner.set("code", or_null(error.code));
  Json outer(Json::Object{});
  outer.set("error", std::move(inner));
  return outer.write();
}

http::Response error_response(const ApiError& error) {
  http::Response response = http::json_response(error.status, error_body(error));
  if (error.retry_after_seconds) response.headers.add("retry-after", base::cat(*error.retry_after_seconds));
  return response;
}

}  // namespace api::openai
