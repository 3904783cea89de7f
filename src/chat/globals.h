#pragma once
// What a template can call without having defined it: range, dict, namespace, cycler, joiner, strftime_now,
// raise_exception.
#include <functional>
#include <string_view>

#include "chat/value.h"

namespace chat {

void define_globals(const std::function<void(std::string_view, const Value&)>& define);

// dict.fromkeys; absent for anything else.
Value function_attribute(const Function& function, std::string_view name);

}  // namespace chat
