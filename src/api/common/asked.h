#pragma once
// What a request of any dialect asks for, beside its prompt.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "serving/generation.h"

namespace api {

struct Asked {
  std::string model;
  serving::GenerationOptions options;  // but for the seed
  std::optional<uint64_t> seed;
  bool stream = false;
  std::vector<std::string> ignored;  // names of fields that have no effect, for x-ignored-fields
};

}  // namespace api
