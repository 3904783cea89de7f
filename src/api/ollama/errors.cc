#include "api/ollama/errors.h"

#include "base/json.h"
#include "base/strings.h"

namespace api::ollama {

std::string error_body(const ApiError& error) {
  base::Json out(base::Json::Object{});
  out.set("error", error.message);
  return out.write();
}

http::Response error_response(const ApiError& error) {
  http::Response response = http::json_response(error.status, error_body(error));
  if (error.retry_after_seconds) response.headers.add("retry-after", base::cat(*error.retry_after_seconds));
  return response;
}

}  // namespace api::ollama
