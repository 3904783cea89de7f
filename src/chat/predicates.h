#pragma once
// Jinja's tests: value is name(arguments).
#include <string_view>

#include "chat/ast.h"

namespace chat {

// Null if there is none of that name.
TestFunction find_test(std::string_view name);

}  // namespace chat
