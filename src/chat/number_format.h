#pragma once
// Numbers in the forms that % and format() ask for.
#include <string>

#include "base/result.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

// Digits of |number| in fixed ('f'), scientific ('e') or general ('g') form; `alternate` keeps the point.
std::string float_digits(double number, char form, int precision, bool alternate);

// 1234567 as 1,234,567; only the whole part of a number's digits is grouped.
std::string group_digits(const std::string& digits, char separator, size_t every);

}  // namespace chat
