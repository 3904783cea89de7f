#pragma once
// What can go wrong with a request, in no dialect's words: each dialect gives it its own shape and status.
//
// (What is in common/ has the namespace `api` itself, so that dialects see it without a prefix.)
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/result.h"

namespace api {

enum class ErrorKind {
  invalid_request,   // 400: a body, a field, a template's own complaint
  context_overflow,  // 400: the prompt does not fit
  authentication,    // 401: no key, or a wrong one
  permission,        // 403
  not_found,         // 404: a path, a model, a stored thing
  wrong_method,      // 405
  conflict,          // 409
  too_large,         // 413
  loading,           // 503: the model is not there yet
  overloaded,        // 503: the queue is full, the server stops
  internal,          // 500: our fault
};

// Both in tokens.
struct Overflow {
  int64_t prompt = 0;
  int64_t context = 0;
};

struct ApiError {
  ErrorKind kind = ErrorKind::invalid_request;
  int status = 400;  // the usual one of `kind`, or a rarer one of HTTP (408, 431, 501, ...)
  std::string message;
  std::optional<std::string> param;  // the field
  std::optional<std::string> code;   // a word for programs: model_not_found
  std::optional<int> retry_after_seconds;
  std::optional<Overflow> overflow;  // of context_overflow
};

template <class T>
using Parsed = std::expected<T, ApiError>;

ApiError invalid_request(std::string message);
ApiError invalid_field(std::string param, std::string message);
ApiError not_found(std::string message, std::string code);
ApiError model_not_found(const std::string& id);
ApiError still_loading();
ApiError context_overflow(Overflow tokens, std::string param);

// What became of a generation that could not start or go on. Of our own faults the client learns only that
// they were ours.
ApiError generation_error(const base::Error& cause);
// The same once the answer runs: then what goes wrong is no longer the request's fault.
ApiError late_error(const base::Error& cause);

// An error that the HTTP layer found.
ApiError protocol_error(int status, const std::string& sentence);

// The result's value, or its error with `param` to blame if the request is at fault; `param` may be null.
template <class T>
Parsed<T> from_result(base::Result<T> result, const char* param) {
  if (result) return std::move(*result);
  ApiError error = generation_error(result.error());
  if (error.status == 400 && param) error.param = param;
  return std::unexpected(std::move(error));
}

}  // namespace api

// Value of a Parsed, or return its error to the caller: base's TRY for this folder's own errors.
#define TRY_PARSED(expression)                                             \
  ({                                                                       \
    auto&& parsed_ = (expression);                                         \
    if (!parsed_) [[unlikely]]                                             \
      return std::unexpected<::api::ApiError>(std::move(parsed_).error()); \
    std::move(parsed_).value();                                            \
  })
