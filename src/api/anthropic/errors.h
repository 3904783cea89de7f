#pragma once
// Errors as Anthropic's clients read them: {"type": "error", "error": {"type", "message"}, "request_id"}.
//
// A full queue and a model that still loads are 529 overloaded_error, at which they try again.
#include <string>
#include <string_view>

#include "api/common/errors.h"
#include "base/json.h"
#include "http/message.h"

namespace api::anthropic {

base::Json error_json(const ApiError& error, std::string_view request_id);
http::Response error_response(const ApiError& error, std::string_view request_id);

// The request's id under the name that Anthropic's clients look for.
void add_request_id(http::Response& response, std::string_view request_id);

}  // namespace api::anthropic
