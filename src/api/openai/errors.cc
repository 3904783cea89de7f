#include "api/openai/errors.h"

#include <utility>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::openai {

using base::Code;
using base::Json;

ApiError invalid_field(std::string param, std::string message) {
  ApiError error;
  error.param = std::move(param);
  error.message = std::move(message);
  return error;
}

ApiError model_not_found(const std::string& id) {
  ApiError error;
  error.status = 404;
  error.message =
      base::cat("model '", base::printable(id), "' is not served here: GET /v1/models lists those that are");
  error.param = "model";
  error.code = "model_not_found";
  return error;
}

ApiError still_loading() {
  ApiError error;
  error.status = 503;
  error.type = "unavailable_error";
  error.message = "the model is still loading: try again soon";
  error.code = "model_loading";
  error.retry_after_seconds = 1;
  return error;
}

ApiError generation_error(const base::Error& cause) {
  ApiError error;
  error.message = cause.message;
  switch (cause.code) {
    case Code::invalid_argument:
    case Code::unsupported:
      return error;
    case Code::exhausted:
      error.code = "context_length_exceeded";
      return error;
    case Code::unavailable:
      error.status = 503;
      error.type = "unavailable_error";
      error.code = "overloaded";
      error.retry_after_seconds = 1;
      return error;
    default:
      error.status = 500;
      error.type = "server_error";
      error.code = "internal_error";
      error.message = "something went wrong inside the server";
      return error;
  }
}

ApiError protocol_error(int status, const std::string& sentence) {
  ApiError error;
  error.status = status;
  error.message = sentence;
  if (status >= 500) error.type = "server_error";
  if (status == 404) error.code = "not_found";
  return error;
}

std::string error_body(const ApiError& error) {
  auto or_null = [](const std::optional<std::string>& text) { return text ? Json(*text) : Json(); };
  Json inner(Json::Object{});
  inner.set("message", error.message);
  inner.set("type", error.type);
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
