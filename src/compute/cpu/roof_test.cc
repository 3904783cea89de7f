#include "compute/cpu/roof.h"

#include <gtest/gtest.h>

#include <chrono>

namespace compute::cpu {
namespace {

TEST(Roof, MeasuresPlausibleRatesInAFewSeconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto roof = measure_roof({.n_threads = 2, .read_buffer_bytes = 64 << 20});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ASSERT_TRUE(roof.has_value());
  EXPECT_LT(seconds, 10.0);  // three on a machine of one's own
  EXPECT_EQ(roof->n_threads, 2);
  EXPECT_GT(roof->read_bytes_per_second, 1e8);
  EXPECT_LT(roof->read_bytes_per_second, 1e13);
  ASSERT_TRUE(roof->fp32_flops_per_second.has_value());
  EXPECT_GT(*roof->fp32_flops_per_second, 1e8);
  EXPECT_LT(*roof->fp32_flops_per_second, 1e14);  // a loop that the compiler removed would look faster
  for (const TileRate& tile : roof->int8_tiles) {
    EXPECT_GT(tile.ops_per_second, 1e8) << tile.group;
    EXPECT_LT(tile.ops_per_second, 1e15) << tile.group;
  }
}

TEST(Roof, CanMeasureReadingAlone) {
  const auto roof = measure_roof({.n_threads = 1, .read_buffer_bytes = 1 << 20, .arithmetic = false});
  ASSERT_TRUE(roof.has_value());
  EXPECT_GT(roof->read_bytes_per_second, 0.0);
  EXPECT_FALSE(roof->int8_ops_per_second.has_value());
}

}  // namespace
}  // namespace compute::cpu
