#pragma once
// The environment variables, as a value that is passed on: what reads them can be tested without setting any.
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace platform {

using Environment = std::map<std::string, std::string, std::less<>>;

Environment process_environment();

// The variable's value; nothing if it is not set.
std::optional<std::string> find(const Environment& environment, std::string_view name);

}  // namespace platform
