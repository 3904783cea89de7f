#pragma once
// What stands at the other end of a descriptor.
#include <optional>

#include "platform/environment.h"

namespace platform {

bool is_terminal(int fd);
// Columns; nothing if `fd` is no terminal or will not say.
std::optional<int> terminal_width(int fd);
// A terminal that understands colours, of a user who has not declined them (NO_COLOR, TERM=dumb).
bool wants_colour(int fd, const Environment& environment);

}  // namespace platform
