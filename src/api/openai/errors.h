#pragma once
// Errors as OpenAI's clients read them: {"error": {"message", "type", "param", "code"}}, all four always
// there.
#include <string>

#include "api/common/errors.h"
#include "http/message.h"

namespace api::openai {

std::string error_body(const ApiError& error);
http::Response error_response(const ApiError& error);

}  // namespace api::openai
