#pragma once
// Names inside GGUF files: keys and tensors.
#include <string_view>

#include "base/result.h"

namespace model_files::gguf {

// A key or tensor name: not empty, UTF-8, without control characters. `what` names it in the error.
base::Status check_name(std::string_view name, std::string_view what);

}  // namespace model_files::gguf
