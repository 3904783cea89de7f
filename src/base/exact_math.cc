#include "base/exact_math.h"

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace base {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ln 2 in two parts; the first has 33 bits, so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep+0;

// An unevaluated sum high + low, |low| at most half a unit in the last place of high.
struct Twofold {
  double high;
  double low;
};

Twofold two_sum(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

// Splits into two halves of at most 26 bits, whose products are exact (Veltkamp, Dekker).
Twofold split(double a) {
  const double c = 134217729.0 * a;  // 2^27 + 1
  const double high = c - (c - a);
  return {high, a - high};
}

Twofold two_product(double a, double b) {
  const double product = a * b;
  const Twofold x = split(a);
  const Twofold y = split(b);
  return {product, ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

// REQUIRES: -1022 <= exponent <= 1023.
double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

double scale_by_power(double x, int exponent) {
  const int half =
      exponent / 2;  // in two steps, so that a subnormal result is rounded once and nothing overflows early
  return x * power_of_two(half) * power_of_two(exponent - half);
}

int64_t nearest_integer(double x) {
  return static_cast<int64_t>(x < 0 ? x - 0.5 : x + 0.5);
}

// exp(x + correction) for |correction| much smaller than 1.
double exp_of_sum(double x, double correction) {
  if (x != x) return x;
  if (x > 709.79) return kInfinity;
  if (x < -745.2) return 0.0;
  const int64_t k = nearest_integer(x * kLog2E);
  const double high = x - static_cast<double>(k) * kLn2High;
  const double low = static_cast<double>(k) * kLn2Low - correction;
  const double r = high - low;  // within +-ln(2)/2
  const double r_low = (high - r) - low;
  double q = 1.0 / 6227020800;  // (exp(r) - 1 - r) / r^2, Taylor to r^13 / 13!
  for (const double factorial :
       {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0}) {
    q = q * r + 1.0 / factorial;
  }
  return scale_by_power(1.0 + (r + (r * r * q + r_low)), static_cast<int>(k));
}

// x = mantissa * 2^exponent with the mantissa within [sqrt(1/2), sqrt(2)). REQUIRES: x positive and finite.
struct Normalised {
  double mantissa;
  int exponent;
};

Normalised normalise(double x) {
  int exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
  if (mantissa > 0x1.6a09e667f3bcdp+0) {
    mantissa *= 0.5;
    ++exponent;
  }
  return {mantissa, exponent};
}

// 2 atanh(s) / s - 2 = 2/3 s^2 + 2/5 s^4 + ..., for s^2 = z <= 0.0295.
double atanh_tail(double z) {
  double sum = 0.0;
  for (int odd = 25; odd >= 3; odd -= 2) sum = (sum + 2.0 / odd) * z;
  return sum;
}

// log(x) to about 60 bits, for pow.
Twofold log_twofold(double x) {
  const Normalised n = normalise(x);
  const double f = n.mantissa - 1.0;  // exact
  const Twofold divisor = two_sum(2.0, f);
  const double s = f / divisor.high;
  const Twofold back = two_product(s, divisor.high);
  const double s_low = (((f - back.high) - back.low) - s * divisor.low) / divisor.high;
  const Twofold mantissa_log = two_sum(2.0 * s, s * atanh_tail(s * s));
  const Twofold sum = two_sum(static_cast<double>(n.exponent) * kLn2High, mantissa_log.high);
  const double low = sum.low + (mantissa_log.low + 2.0 * s_low + static_cast<double>(n.exponent) * kLn2Low);
  return two_sum(sum.high, low);
}

// x - quadrant * pi/2 within about +-pi/4.
struct Reduced {
  int quadrant;  // modulo 4
  double high;
  double low;
};

Reduced reduce_by_half_pi(double x) {
  // pi/2 in parts of 29 bits: a product with a 24-bit integer is exact.
  constexpr double kPart1 = 0x1.921fb54000000p+0;
  constexpr double kPart2 = 0x1.10b4610000000p-30;
  constexpr double kPart3 = 0x1.a626331000000p-58;
  constexpr double kPart4 = 0x1.1701b839a2520p-88;
  const double k = static_cast<double>(nearest_integer(x * 0x1.45f306dc9c883p-1));
  const Twofold first = two_sum(x - k * kPart1, -(k * kPart2));
  const Twofold second = two_sum(first.high, -(k * kPart3));
  const Twofold sum = two_sum(second.high, second.low + (first.low - k * kPart4));
  return {static_cast<int>(static_cast<int64_t>(k) & 3), sum.high, sum.low};
}

// sin(x + low) and cos(x + low) near zero, Taylor; the leading terms are kept apart until the last addition.
double sin_near_zero(double x, double low) {
  const double z = x * x;
  double q = 1.0 / 355687428096000.0;  // 17!
  for (const double factorial :
       {-1307674368000.0, 6227020800.0, -39916800.0, 362880.0, -5040.0, 120.0, -6.0}) {
    q = q * z + 1.0 / factorial;
  }
  return x + (x * z * q + low * (1.0 - 0.5 * z));
}

double cos_near_zero(double x, double low) {
  const double z = x * x;
  double q = 1.0 / 20922789888000.0;  // 16!
  for (const double factorial : {-87178291200.0, 479001600.0, -3628800.0, 40320.0, -720.0, 24.0}) {
    q = q * z + 1.0 / factorial;
  }
  const double half = 0.5 * z;
  const double head = 1.0 - half;
  return head + (((1.0 - head) - half) + (z * z * q - x * low));
}

bool can_be_reduced(double x) {
  return x > -0x1p52 && x < 0x1p52;
}  // false for NaN

bool is_finite(double x) {
  return x - x == 0.0;
}

}  // namespace

double exact_exp(double x) {
  return exp_of_sum(x, 0.0);
}

double exact_log(double x) {
  if (x != x || x == kInfinity) return x;
  if (x == 0.0) return -kInfinity;
  if (x < 0.0) return kNan;
  const Normalised n = normalise(x);
  const double f = n.mantissa - 1.0;
  const double s = f / (2.0 + f);
  const double half_square = 0.5 * f * f;
  // log(1 + f) = f - (f^2/2 - s (f^2/2 + tail)): the large terms are exact, only corrections are rounded.
  const double correction = s * (half_square + atanh_tail(s * s));
  const double k = n.exponent;
  return k * kLn2High - ((half_square - (correction + k * kLn2Low)) - f);
}

double exact_pow(double x, double y) {
  if (x == 1.0 || y == 0.0) return 1.0;
  const Twofold log_x = log_twofold(x);
  if (!is_finite(y) || !is_finite(y * log_x.high)) return exp_of_sum(y * log_x.high, 0.0);
  if (y * log_x.high > 1000.0) return kInfinity;
  if (y * log_x.high < -1000.0) return 0.0;
  const Twofold product = two_product(y, log_x.high);
  return exp_of_sum(product.high, product.low + y * log_x.low);
}

double exact_sin(double x) {
  if (!can_be_reduced(x)) return kNan;
  const Reduced r = reduce_by_half_pi(x);
  const double value = (r.quadrant & 1) ? cos_near_zero(r.high, r.low) : sin_near_zero(r.high, r.low);
  return (r.quadrant & 2) ? -value : value;
}

double exact_cos(double x) {
  if (!can_be_reduced(x)) return kNan;
  const Reduced r = reduce_by_half_pi(x);
  const double value = (r.quadrant & 1) ? sin_near_zero(r.high, r.low) : cos_near_zero(r.high, r.low);
  return ((r.quadrant + 1) & 2) ? -value : value;
}

}  // namespace base
