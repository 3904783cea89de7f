#include "api/dashscope/errors.h"

#include "base/json.h"
#include "base/strings.h"

namespace api::dashscope {
namespace {

const char* code_of(const ApiError& error) {
  switch (error.kind) {
    case ErrorKind::authentication:
      return "InvalidApiKey";
    case ErrorKind::permission:
      return "AccessDenied";
    case ErrorKind::not_found:
      return error.code == "model_not_found" ? "ModelNotFound" : "NotFound";
    case ErrorKind::loading:
      return "ModelUnavailable";
    case ErrorKind::overloaded:
      return "ServiceUnavailable";
    case ErrorKind::internal:
      return "InternalError";
    default:
      return "InvalidParameter";
  }
}

}  // namespace

std::string error_body(const ApiError& error, std::string_view request_id) {
  base::Json out(base::Json::Object{});
  out.set("code", code_of(error));
  out.set("message", error.message);
  out.set("request_id", request_id);
  return out.write();
}

http::Response error_response(const ApiError& error, std::string_view request_id) {
  http::Response response = http::json_response(error.status, error_body(error, request_id));
  if (error.retry_after_seconds) response.headers.add("retry-after", base::cat(*error.retry_after_seconds));
  return response;
}

}  // namespace api::dashscope
