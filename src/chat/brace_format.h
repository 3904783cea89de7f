#pragma once
// "{} and {name:>5}".format(...), as Python formats; text put in keeps its origin.
#include "base/result.h"
#include "chat/interpreter.h"

namespace chat {

base::Result<Value> brace_format(Interpreter& interpreter, const Text& format, const Arguments& arguments);

}  // namespace chat
