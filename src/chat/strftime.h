#pragma once
// strftime() in the C locale, for the strftime_now() of chat templates.
#include "chat/template.h"
#include "chat/text.h"

namespace chat {

// Characters of the format keep their origin; what is put in is trusted. Unknown directives stay as they are.
void format_time(const CivilTime& time, const Text& format, TextBuilder& out);

}  // namespace chat
