#pragma once
// Points in time as dialects write them.
#include <cstdint>
#include <string>

namespace api {

// "2026-11-25T11:00:00Z". REQUIRES: a year of four digits.
std::string rfc3339(int64_t unix_seconds);

}  // namespace api
