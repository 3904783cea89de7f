#include "api/anthropic/errors.h"

#include <utility>

#include "base/strings.h"

namespace api::anthropic {
namespace {

using base::Json;

constexpr int kOverloaded = 529;

const char* type_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::authentication:
      return "authentication_error";
    case ErrorKind::permission:
      return "permission_error";
    case ErrorKind::not_found:
      return "not_found_error";
    case ErrorKind::too_large:
      return "request_too_large";
    case ErrorKind::loading:
    case ErrorKind::overloaded:
      return "overloaded_error";
    case ErrorKind::internal:
      return "api_error";
    default:
      return "invalid_request_error";
  }
}

bool is_overloaded(ErrorKind kind) {
  return kind == ErrorKind::loading || kind == ErrorKind::overloaded;
}

}  // namespace

Json error_json(const ApiError& error, std::string_view request_id) {
  Json inner(Json::Object{});
  inner.set("type", type_of(error.kind));
  inner.set("message", error.message);
  Json out(Json::Object{});
  out.set("type", "error");
  out.set("error", std::move(inner));
  out.set("request_id", request_id);
  return out;
}

http::Response error_response(const ApiError& error, std::string_view request_id) {
  const int status = is_overloaded(error.kind) ? kOverloaded : error.status;
  http::Response response = http::json_response(status, error_json(error, request_id).write());
  if (error.retry_after_seconds) response.headers.add("retry-after", base::cat(*error.retry_after_seconds));
  add_request_id(response, request_id);
  return response;
}

void add_request_id(http::Response& response, std::string_view request_id) {
  response.headers.set("request-id", std::string(request_id));
}

}  // namespace api::anthropic
