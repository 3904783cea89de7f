#pragma once
// Errors as DashScope's clients read them: {"code", "message", "request_id"}.
#include <string>
#include <string_view>

#include "api/common/errors.h"
#include "http/message.h"

namespace api::dashscope {

std::string error_body(const ApiError& error, std::string_view request_id);
http::Response error_response(const ApiError& error, std::string_view request_id);

}  // namespace api::dashscope
