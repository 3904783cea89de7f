#pragma once
// An errno as an Error.
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace platform {

// "cannot open 'model.gguf': No such file or directory". `action` is a verb: "open", "write to".
std::unexpected<base::Error> os_error(std::string_view action, const std::filesystem::path& path,
                                      int error_number);

base::Code code_of_errno(int error_number);

// A path for a message: in single quotes, without control characters.
std::string quoted(const std::filesystem::path& path);

}  // namespace platform
