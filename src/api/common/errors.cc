#include "api/common/errors.h"

#include <utility>

#include "base/strings.h"
#include "base/utf8.h"

namespace api {
namespace {

using base::Code;

ApiError make(ErrorKind kind, int status, std::string message, std::optional<std::string> code) {
  ApiError error;
  error.kind = kind;
  error.status = status;
  error.message = std::move(message);
  error.code = std::move(code);
  return error;
}

ErrorKind kind_of(int status) {
  switch (status) {
    case 401:
      return ErrorKind::authentication;
    case 403:
      return ErrorKind::permission;
    case 404:
      return ErrorKind::not_found;
    case 405:
      return ErrorKind::wrong_method;
    case 413:
      return ErrorKind::too_large;
    case 503:
      return ErrorKind::overloaded;
    default:
      return status < 500 ? ErrorKind::invalid_request : ErrorKind::internal;
  }
}

ApiError our_fault() {
  return make(ErrorKind::internal, 500, "something went wrong inside the server", "internal_error");
}

}  // namespace

ApiError invalid_request(std::string message) {
  return make(ErrorKind::invalid_request, 400, std::move(message), std::nullopt);
}

ApiError invalid_field(std::string param, std::string message) {
  ApiError error = invalid_request(std::move(message));
  error.param = std::move(param);
  return error;
}

ApiError not_found(std::string message, std::string code) {
  return make(ErrorKind::not_found, 404, std::move(message), std::move(code));
}

ApiError model_not_found(const std::string& id) {
  ApiError error = not_found(
      base::cat("model '", base::printable(id), "' is not served here: GET /v1/models lists those that are"),
      "model_not_found");
  error.param = "model";
  return error;
}

ApiError still_loading() {
  ApiError error =
      make(ErrorKind::loading, 503, "the model is still loading: try again soon", "model_loading");
  error.retry_after_seconds = 1;
  return error;
}

ApiError context_overflow(Overflow tokens, std::string param) {
  ApiError error = make(ErrorKind::context_overflow, 400,
                        base::cat("this model's context holds ", tokens.context,
                                  " tokens, and the prompt alone has ", tokens.prompt, ": shorten it"),
                        "context_length_exceeded");
  error.param = std::move(param);
  error.overflow = tokens;
  return error;
}

ApiError generation_error(const base::Error& cause) {
  switch (cause.code) {
    case Code::invalid_argument:
    case Code::unsupported:
      return invalid_request(cause.message);
    case Code::exhausted:
      return make(ErrorKind::context_overflow, 400, cause.message, "context_length_exceeded");
    case Code::unavailable: {
      ApiError error = make(ErrorKind::overloaded, 503, cause.message, "overloaded");
      error.retry_after_seconds = 1;
      return error;
    }
    default:
      return our_fault();
  }
}

ApiError late_error(const base::Error& cause) {
  return cause.code == Code::unavailable ? generation_error(cause) : our_fault();
}

ApiError protocol_error(int status, const std::string& sentence) {
  ApiError error = make(kind_of(status), status, sentence, std::nullopt);
  if (status == 404) error.code = "not_found";
  return error;
}

}  // namespace api
