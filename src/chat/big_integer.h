#pragma once
// Whole numbers beyond 64 bits, as Python has them: exact, up to kMaxBits (about 4300 digits, where Python
// itself refuses to print).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

class BigInteger {
 public:
  static constexpr size_t kMaxBits = 14284;

  BigInteger() = default;
  explicit BigInteger(int64_t value);
  BigInteger(bool negative, std::vector<uint32_t> limbs);

  // Digits in the given base (2 to 36) with an optional '-'. REQUIRES: all are digits of that base.
  static BigInteger parse(std::string_view digits, int base = 10);
  // The whole part of a finite number.
  static BigInteger from_double(double value);

  bool is_zero() const { return limbs_.empty(); }
  bool is_negative() const { return negative_; }
  const std::vector<uint32_t>& limbs() const { return limbs_; }  // least significant first, no leading zeros
  size_t n_bits() const;
  std::optional<int64_t> to_int64() const;
  double to_double() const;  // infinite if too large
  std::string to_string(int base = 10) const;

  BigInteger negated() const;
  BigInteger operator+(const BigInteger& other) const;
  BigInteger operator-(const BigInteger& other) const;
  BigInteger operator*(const BigInteger& other) const;
  // Rounded down, and a remainder with the divisor's sign. REQUIRES: divisor is not zero.
  struct Division;
  Division divide(const BigInteger& divisor) const;
  // Negative, zero or positive, as *this is less than, equal to or greater than `other`.
  int compare(const BigInteger& other) const;

 private:
  void trim();
  bool negative_ = false;
  std::vector<uint32_t> limbs_;
};

struct BigInteger::Division {
  BigInteger quotient, remainder;
};

}  // namespace chat
