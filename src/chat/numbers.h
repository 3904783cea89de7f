#pragma once
// Python's arithmetic on numbers: integers never wrap, // and % round down, / is always a float.
#include <optional>
#include <string>

#include "base/result.h"
#include "chat/big_integer.h"
#include "chat/heap.h"
#include "chat/value.h"

namespace chat {

enum class Arithmetic : uint8_t { add, subtract, multiply, divide, floor_divide, modulo, power };
std::string_view symbol_of(Arithmetic operation);

// REQUIRES: both are numbers (booleans count as 0 and 1).
base::Result<Value> calculate(Heap& heap, Arithmetic operation, const Value& left, const Value& right);
base::Result<Value> negate(Heap& heap, const Value& number);

// Negative, zero, positive; 2 if not comparable (a NaN). REQUIRES: both are numbers.
int compare_numbers(const Value& left, const Value& right);

BigInteger to_big(const Value& integer);  // REQUIRES: boolean, integer or big_integer
base::Result<Value> from_big(Heap& heap, const BigInteger& big);
double to_double(const Value& number);

// int("..."), float("...") of Python: blanks around, '_' between digits; nothing if it is no number.
base::Result<std::optional<Value>> parse_integer(Heap& heap, std::string_view text, int base);
std::optional<double> parse_float(std::string_view text);
// int(x) of a finite number, cut towards zero.
base::Result<Value> truncate(Heap& heap, double number);

// round(x, n) of Python: to even, on the exact binary value.
base::Result<Value> round_number(Heap& heap, const Value& number, int64_t n_digits);

// repr() of a float: the shortest digits that read back the same ("1e+16", "0.1", "inf").
std::string float_text(double number);
std::string number_text(const Value& number);

struct BigLimbs {
  bool negative;
  std::span<const uint32_t> limbs;
};

}  // namespace chat
