#include "api/dialects.h"

#include "api/anthropic/errors.h"
#include "api/anthropic/routes.h"
#include "api/dashscope/errors.h"
#include "api/dashscope/routes.h"
#include "api/ollama/errors.h"
#include "api/ollama/routes.h"
#include "api/openai/errors.h"
#include "api/openai/routes.h"

namespace api {
namespace {

constexpr std::string_view kOpenAi[] = {""};
constexpr std::string_view kAnthropic[] = {"/v1/messages"};
constexpr std::string_view kOllama[] = {"/api/"};
constexpr std::string_view kDashScope[] = {"/api/v1/services/"};

// For dialects whose errors do not hold the request's id: it is in the header x-request-id of every reply.
template <http::Response (*respond)(const ApiError&)>
http::Response without_id(const ApiError& error, std::string_view) {
  return respond(error);
}

constexpr Dialect kDialects[] = {
    {"openai", kOpenAi, without_id<openai::error_response>, openai::add_routes},
    {"anthropic", kAnthropic, anthropic::error_response, anthropic::add_routes},
    {"ollama", kOllama, without_id<ollama::error_response>, ollama::add_routes},
    {"dashscope", kDashScope, dashscope::error_response, dashscope::add_routes},
};

}  // namespace

std::span<const Dialect> all_dialects() {
  return kDialects;
}

const Dialect& dialect_of(std::string_view path) {
  const Dialect* best = nullptr;
  size_t length = 0;
  for (const Dialect& dialect : kDialects)
    for (std::string_view prefix : dialect.prefixes)
      if (path.starts_with(prefix) && (!best || prefix.size() > length)) {
        best = &dialect;
        length = prefix.size();
      }
  return *best;
}

}  // namespace api
