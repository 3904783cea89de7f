#include "api/dialects.h"

#include "api/openai/errors.h"
#include "api/openai/routes.h"

namespace api {
namespace {

constexpr std::string_view kOpenAi[] = {""};

constexpr Dialect kDialects[] = {
    {"openai", kOpenAi, openai::error_response, openai::add_routes},
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
