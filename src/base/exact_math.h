#pragma once
// exp, log, pow, sin and cos in double, made of + - * / alone: the same bits on every CPU and with every C
// library.
//
// Errors stay below one unit in the last place of the result, measured against long double
// (exact_math_test.cc). They serve tables and log-probabilities, not inner loops.

namespace base {

// 0 below about -745.1, infinity above about 709.8; NaN stays NaN.
double exact_exp(double x);

// Natural logarithm: -infinity at 0, NaN below 0.
double exact_log(double x);

// x^y. REQUIRES: x is positive and finite.
double exact_pow(double x, double y);

// For |x| <= 2^24; beyond that the reduction by pi/2 loses digits (the bits are still the same everywhere),
// and from 2^52 on, as for infinity and NaN, the result is NaN.
double exact_sin(double x);
double exact_cos(double x);

}  // namespace base
