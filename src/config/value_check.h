#pragma once
// Whether a text is a value that a setting takes.
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace config {

// Code::invalid_argument with what is wrong ("'x' is not a whole number"); never shows the text of a secret.
[[nodiscard]] base::Status check_value(const Setting& setting, std::string_view text);

// REQUIRES: check_value() took it, and the type is boolean.
bool boolean_of(std::string_view text);

}  // namespace config
