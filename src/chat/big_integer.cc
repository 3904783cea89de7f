#include "chat/big_integer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace chat {

namespace {

using Limbs = std::vector<uint32_t>;

int compare_magnitudes(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = a.size(); i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

Limbs add_magnitudes(const Limbs& a, const Limbs& b) {
  Limbs sum(std::max(a.size(), b.size()) + 1);
  uint64_t carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    carry += uint64_t{i < a.size() ? a[i] : 0} + (i < b.size() ? b[i] : 0);
    sum[i] = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  return sum;
}

// REQUIRES: a >= b.
Limbs subtract_magnitudes(const Limbs& a, const Limbs& b) {
  Limbs difference(a.size());
  int64_t borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t d = int64_t{a[i]} - (i < b.size() ? int64_t{b[i]} : 0) - borrow;
    borrow = d < 0 ? 1 : 0;
    difference[i] = static_cast<uint32_t>(d);
  }
  return difference;
}

// Divides in place and returns the remainder.
uint32_t divide_by_small(Limbs& limbs, uint32_t divisor) {
  uint64_t remainder = 0;
  for (size_t i = limbs.size(); i-- > 0;) {
    remainder = remainder << 32 | limbs[i];
    limbs[i] = static_cast<uint32_t>(remainder / divisor);
    remainder %= divisor;
  }
  while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
  return static_cast<uint32_t>(remainder);
}

void multiply_add(Limbs& limbs, uint32_t factor, uint32_t addend) {
  uint64_t carry = addend;
  for (uint32_t& limb : limbs) {
    carry += uint64_t{limb} * factor;
    limb = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) limbs.push_back(static_cast<uint32_t>(carry));
}

bool bit_at(const Limbs& limbs, size_t bit) {
  return limbs[bit / 32] >> (bit % 32) & 1;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

}  // namespace

BigInteger::BigInteger(int64_t value) : negative_(value < 0) {
  uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  for (; magnitude != 0; magnitude >>= 32) limbs_.push_back(static_cast<uint32_t>(magnitude));
}

BigInteger::BigInteger(bool negative, Limbs limbs) : negative_(negative), limbs_(std::move(limbs)) {
  trim();
}

void BigInteger::trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  if (limbs_.empty()) negative_ = false;
}

BigInteger BigInteger::parse(std::string_view digits, int base) {
  BigInteger result;
  const bool negative = !digits.empty() && digits.front() == '-';
  for (char c : digits.substr(negative ? 1 : 0))
    multiply_add(result.limbs_, static_cast<uint32_t>(base), static_cast<uint32_t>(digit_value(c)));
  result.negative_ = negative;
  result.trim();
  return result;
}

BigInteger BigInteger::from_double(double value) {
  int exponent = 0;
  double fraction = std::frexp(std::trunc(std::fabs(value)), &exponent);  // fraction * 2^exponent
  BigInteger result;
  if (fraction == 0) return result;
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, 64));
  const int shift = exponent - 64;
  Limbs limbs(static_cast<size_t>(std::max(exponent, 64)) / 32 + 2);
  for (int bit = 0; bit < 64; ++bit)
    if (mantissa >> bit & 1 && bit + shift >= 0)
      limbs[static_cast<size_t>(bit + shift) / 32] |= uint32_t{1} << ((bit + shift) % 32);
  return BigInteger(value < 0, std::move(limbs));
}

size_t BigInteger::n_bits() const {
  return limbs_.empty() ? 0 : limbs_.size() * 32 - static_cast<size_t>(std::countl_zero(limbs_.back()));
}

std::optional<int64_t> BigInteger::to_int64() const {
  if (limbs_.size() > 2) return std::nullopt;
  uint64_t magnitude = 0;
  for (size_t i = limbs_.size(); i-- > 0;) magnitude = magnitude << 32 | limbs_[i];
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  if (magnitude > kLimit || (magnitude == kLimit && !negative_)) return std::nullopt;
  return static_cast<int64_t>(negative_ ? 0 - magnitude : magnitude);
}

double BigInteger::to_double() const {
  const size_t bits = n_bits();
  if (bits > 1024)
    return negative_ ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  // The top 64 bits, the lowest of which also stands for all that are cut off: one rounding, as Python does
  // it.
  uint64_t top = 0;
  const size_t shift = bits > 64 ? bits - 64 : 0;
  for (size_t bit = bits; bit-- > shift;) top = top << 1 | (bit_at(limbs_, bit) ? 1 : 0);
  for (size_t bit = 0; bit < shift; ++bit)
    if (bit_at(limbs_, bit)) top |= 1;
  const double magnitude = std::ldexp(static_cast<double>(top), static_cast<int>(shift));
  return negative_ ? -magnitude : magnitude;
}

std::string BigInteger::to_string(int base) const {
  if (limbs_.empty()) return "0";
  std::string digits;
  Limbs rest = limbs_;
  while (!rest.empty())
    digits.push_back(
        "0123456789abcdefghijklmnopqrstuvwxyz"[divide_by_small(rest, static_cast<uint32_t>(base))]);
  if (negative_) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

BigInteger BigInteger::negated() const {
  return BigInteger(!negative_, limbs_);
}

BigInteger BigInteger::operator+(const BigInteger& other) const {
  if (negative_ == other.negative_) return BigInteger(negative_, add_magnitudes(limbs_, other.limbs_));
  if (compare_magnitudes(limbs_, other.limbs_) >= 0)
    return BigInteger(negative_, subtract_magnitudes(limbs_, other.limbs_));
  return BigInteger(other.negative_, subtract_magnitudes(other.limbs_, limbs_));
}

BigInteger BigInteger::operator-(const BigInteger& other) const {
  return *this + other.negated();
}

BigInteger BigInteger::operator*(const BigInteger& other) const {
  Limbs product(limbs_.size() + other.limbs_.size() + 1);
  for (size_t i = 0; i < limbs_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < other.limbs_.size(); ++j) {
      carry += uint64_t{limbs_[i]} * other.limbs_[j] + product[i + j];
      product[i + j] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    product[i + other.limbs_.size()] = static_cast<uint32_t>(carry);
  }
  return BigInteger(negative_ != other.negative_, std::move(product));
}

BigInteger::Division BigInteger::divide(const BigInteger& divisor) const {
  // Long division bit by bit: these numbers are rare and at most kMaxBits long.
  Limbs quotient(limbs_.size());
  BigInteger rest;
  const BigInteger magnitude(false, divisor.limbs_);
  for (size_t bit = n_bits(); bit-- > 0;) {
    multiply_add(rest.limbs_, 2, bit_at(limbs_, bit) ? 1 : 0);
    if (compare_magnitudes(rest.limbs_, magnitude.limbs_) < 0) continue;
    rest = rest - magnitude;
    quotient[bit / 32] |= uint32_t{1} << (bit % 32);
  }
  Division result{BigInteger(negative_ != divisor.negative_, std::move(quotient)),
                  BigInteger(negative_, std::move(rest.limbs_))};
  if (!result.remainder.is_zero() && negative_ != divisor.negative_) {
    result.quotient = result.quotient - BigInteger(1);
    result.remainder = result.remainder + divisor;
  }
  return result;
}

int BigInteger::compare(const BigInteger& other) const {
  if (negative_ != other.negative_) return negative_ ? -1 : 1;
  const int magnitudes = compare_magnitudes(limbs_, other.limbs_);
  return negative_ ? -magnitudes : magnitudes;
}

}  // namespace chat
