#include "apps/domicile/bench_limits.h"

#include <gtest/gtest.h>

#include <cmath>

namespace apps {
namespace {

constexpr double kBillion = 1e9;

compute::cpu::Roof machine() {
  return {.n_threads = 2,
          .read_buffer_bytes = 1 << 20,
          .read_bytes_per_second = 30 * kBillion,
          .int8_ops_per_second = 2000 * kBillion,
          .bf16_flops_per_second = {},
          .fp32_flops_per_second = 400 * kBillion,
          .int8_tiles = {{16, 500 * kBillion}, {32, 1000 * kBillion}}};
}

BenchWork work() {
  return {.layers = {.int8_group_16 = 1 * kBillion, .int8_group_32 = 3 * kBillion, .float32 = 0},
          .head = {.int8_group_16 = 0, .int8_group_32 = 0.5 * kBillion, .float32 = 0},
          .attention_operations_per_key = 400'000,
          .weight_bytes = 3 * kBillion,
          .kv_bytes_per_token = 100'000};
}

TEST(BenchLimits, PrefillIsArithmeticWithTheHeadOncePerPrompt) {
  const BenchLimits limits = bench_limits(work(), {.prompt_tokens = 100, .depth_tokens = 950}, machine());
  const double layers = 2 * 4.0 / 2000, attention = 400'000 * 1000 / (400 * kBillion),
               head = 2 * 0.5 / 2000 / 100;
  EXPECT_NEAR(limits.prefill, 1 / (layers + attention + head), 1e-9);
  EXPECT_NEAR(limits.terms.find("attention_seconds_per_token")->as_double(), attention, 1e-15);
}

TEST(BenchLimits, TheTileLimitWeighsTypesByTheirScales) {
  const BenchLimits limits = bench_limits(work(), {.prompt_tokens = 100}, machine());
  const double layers = 2 * 1.0 / 500 + 2 * 3.0 / 1000, attention = 400'000 * 50 / (400 * kBillion),
               head = 2 * 0.5 / 1000 / 100;
  EXPECT_NEAR(limits.prefill_tile, 1 / (layers + attention + head), 1e-9);
}

TEST(BenchLimits, FloatWeightsCountAsFloatArithmetic) {
  BenchWork floats = work();
  floats.layers = {.int8_group_16 = 0, .int8_group_32 = 0, .float32 = 4 * kBillion};
  EXPECT_NEAR(bench_limits(floats, {.prompt_tokens = 100}, machine())
                  .terms.find("layer_seconds_per_token")
                  ->as_double(),
              2 * 4.0 / 400, 1e-12);
}

TEST(BenchLimits, DecodeReadsWeightsOncePerStepAndEachSequencesContext) {
  const BenchLimits limits =
      bench_limits(work(), {.generate_tokens = 200, .depth_tokens = 900, .batch = 4}, machine());
  EXPECT_NEAR(limits.decode, 4 * 30 * kBillion / (3 * kBillion + 4 * 1000 * 100'000.0), 1e-9);
}

TEST(BenchLimits, WhatCouldNotBeMeasuredGivesNoLimit) {
  compute::cpu::Roof roof = machine();
  roof.int8_ops_per_second = {};
  roof.int8_tiles.clear();
  const BenchLimits limits = bench_limits(work(), {}, roof);
  EXPECT_TRUE(std::isnan(limits.prefill));
  EXPECT_TRUE(std::isnan(limits.prefill_tile));
  EXPECT_GT(limits.decode, 0);
}

TEST(BenchLimits, OfTwoMeasurementsTheBetterCounts) {
  compute::cpu::Roof disturbed = machine(), second = machine();
  disturbed.read_bytes_per_second /= 2;
  disturbed.int8_tiles[1].ops_per_second /= 2;
  second.int8_ops_per_second = 1;
  second.bf16_flops_per_second = 7;
  const compute::cpu::Roof best = best_of(disturbed, second);
  EXPECT_EQ(best.read_bytes_per_second, machine().read_bytes_per_second);
  EXPECT_EQ(best.int8_ops_per_second, machine().int8_ops_per_second);
  EXPECT_EQ(best.bf16_flops_per_second, 7);
  EXPECT_EQ(best.int8_tiles[1].ops_per_second, machine().int8_tiles[1].ops_per_second);
}

}  // namespace
}  // namespace apps
