#pragma once
// "%s is %5.2f" % values, as Python formats; text put in keeps its origin, padding and numbers are trusted.
#include "base/result.h"
#include "chat/interpreter.h"

namespace chat {

base::Result<Value> percent_format(Interpreter& interpreter, const Text& format, const Value& values);

}  // namespace chat
