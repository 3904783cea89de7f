#pragma once
// Errors as OpenAI's clients read them: {"error": {"message", "type", "param", "code"}}, all four always
// there.
#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace api::openai {

struct ApiError {
  int status = 400;
  std::string type = "invalid_request_error";
  std::string message;
  std::optional<std::string> param;  // the field
  std::optional<std::string> code;
  std::optional<int> retry_after_seconds;
};

ApiError invalid_field(std::string param, std::string message);
ApiError model_not_found(const std::string& id);
ApiError still_loading();

// What became of a generation that could not start or go on. Of our own faults the client learns only that
// they were ours.
ApiError generation_error(const base::Error& error);

// An error that the HTTP layer found.
ApiError protocol_error(int status, const std::string& sentence);

std::string error_body(const ApiError& error);
http::Response error_response(const ApiError& error);

}  // namespace api::openai
