#include "chat/big_integer.h"

#include <gtest/gtest.h>

#include <random>

namespace chat {
namespace {

using Wide = __int128;

BigInteger wide(Wide value) {
  const bool negative = value < 0;
  auto magnitude = static_cast<unsigned __int128>(negative ? -value : value);
  std::vector<uint32_t> limbs;
  for (; magnitude != 0; magnitude >>= 32) limbs.push_back(static_cast<uint32_t>(magnitude));
  return BigInteger(negative, limbs);
}

TEST(BigInteger, AgreesWithTheMachineOn128Bits) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Wide a = static_cast<int64_t>(random()) >> (random() % 64);
    const Wide b = static_cast<int64_t>(random()) >> (random() % 64);
    EXPECT_EQ((wide(a) + wide(b)).compare(wide(a + b)), 0);
    EXPECT_EQ((wide(a) - wide(b)).compare(wide(a - b)), 0);
    EXPECT_EQ((wide(a) * wide(b)).compare(wide(a * b)), 0);
    EXPECT_EQ(wide(a).compare(wide(b)), a < b ? -1 : a > b ? 1 : 0);
    if (b == 0) continue;
    const auto [quotient, remainder] = wide(a * 1000 + 1).divide(wide(b));
    const Wide n = a * 1000 + 1, down = n / b - (n % b != 0 && (n % b < 0) != (b < 0) ? 1 : 0);
    EXPECT_EQ(quotient.compare(wide(down)), 0);
    EXPECT_EQ(remainder.compare(wide(n - down * b)), 0);
  }
}

TEST(BigInteger, ReadsAndWritesDigits) {
  const char* digits = "-123456789012345678901234567890123456789";
  EXPECT_EQ(BigInteger::parse(digits).to_string(), digits);
  EXPECT_EQ(BigInteger::parse("ff", 16).to_string(2), "11111111");
  EXPECT_EQ(BigInteger::parse("-0").to_string(), "0");
  EXPECT_FALSE(BigInteger::parse("-0").is_negative());
}

TEST(BigInteger, FitsInto64BitsOnlyIfItDoes) {
  EXPECT_EQ(BigInteger::parse("-9223372036854775808").to_int64(), INT64_MIN);
  EXPECT_EQ(BigInteger::parse("9223372036854775807").to_int64(), INT64_MAX);
  EXPECT_FALSE(BigInteger::parse("9223372036854775808").to_int64());
  EXPECT_FALSE(BigInteger::parse("-9223372036854775809").to_int64());
}

TEST(BigInteger, RoundsToTheNearestDouble) {
  EXPECT_EQ(BigInteger::parse("9007199254740993").to_double(), 9007199254740992.0);  // half way, to even
  EXPECT_EQ(BigInteger::parse("9007199254740995").to_double(), 9007199254740996.0);
  EXPECT_EQ(BigInteger::parse("36893488147419107329").to_double(),
            36893488147419111424.0);  // just over half way
  EXPECT_EQ(BigInteger::from_double(1e30).to_string(), "1000000000000000019884624838656");
  EXPECT_EQ(BigInteger::from_double(-3.99).to_string(), "-3");
  EXPECT_EQ(BigInteger::from_double(0.5).to_string(), "0");
}

}  // namespace
}  // namespace chat
