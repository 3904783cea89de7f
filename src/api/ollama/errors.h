#pragma once
// Errors as Ollama's clients read them: {"error": "text"}.
#include <string>

#include "api/common/errors.h"
#include "http/message.h"

namespace api::ollama {

std::string error_body(const ApiError& error);
http::Response error_response(const ApiError& error);

}  // namespace api::ollama
