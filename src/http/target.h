#pragma once
// The target of a request line: "/v1/models?limit=2", "http://host/v1/models", "*".
#include <optional>
#include <string>
#include <string_view>

namespace http {

struct Target {
  std::string path;   // percent-decoded
  std::string query;  // as it came
};

// Nothing if it is none of the forms above, or has a cut or wrong percent code.
std::optional<Target> read_target(std::string_view text);

}  // namespace http
