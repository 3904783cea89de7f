#include "sampling/philox.h"

#include "gtest/gtest.h"

namespace sampling {
namespace {

using Block = std::array<uint32_t, 4>;

// The known answers of the Random123 distribution.
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, UniformStaysBelowOneAndDiffersBySeedAndIndex) {
  double sum = 0;
  for (uint64_t i = 0; i < 200000; ++i) {
    const double u = uniform(7, i);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
  }
  EXPECT_NEAR(sum / 200000, 0.5, 0.0032);
  EXPECT_NE(uniform(7, 0), uniform(8, 0));
  EXPECT_NE(uniform(7, 0), uniform(uint64_t{7} + (uint64_t{1} << 32), 0));
  EXPECT_NE(uniform(7, 1), uniform(7, (uint64_t{1} << 32) + 1));
}

}  // namespace
}  // namespace sampling
