#include "apps/domicile/bench_report.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

engine::BenchResult round_of(double prefill_rate, double decode_rate) {
  return {.prefill_tokens = 1000,
          .prefill_seconds = 1000 / prefill_rate,
          .decode_tokens = 100,
          .decode_seconds = 100 / decode_rate};
}

BenchReport report(std::optional<std::string> peer) {
  BenchReport report{.subject = {.model = "m-7b",
                                 .type = "Q4_K_M",
                                 .n_parameters = 7'615'616'512,
                                 .tensor_bytes = 4'677'120'000,
                                 .weight_bytes = 4'677'120'000,
                                 .n_threads = 2,
                                 .kernels = "avx512",
                                 .numerics = "fast",
                                 .kv_type = "bf16",
                                 .cpu = "Some CPU",
                                 .peer = peer},
                     .roof = {.n_threads = 2,
                              .read_buffer_bytes = uint64_t{1} << 30,
                              .read_bytes_per_second = 31.25e9,
                              .int8_ops_per_second = 2e12,
                              .bf16_flops_per_second = {},
                              .fp32_flops_per_second = 4e11,
                              .int8_tiles = {{32, 1e12}, {64, 1.2e12}}},
                     .rows = {{.bench_case = {.prompt_tokens = 512, .generate_tokens = 64},
                               .rounds = {round_of(100, 6), round_of(90, 5), round_of(110, 5.5)},
                               .peer_rounds = {},
                               .limits = {.prefill = 200, .decode = 10, .prefill_tile = 125, .terms = {}}}}};
  if (peer) report.rows[0].peer_rounds = {{50, 3}, {30, 2.5}, {50, 2.5}};
  return report;
}

TEST(BenchReport, TableCanBePasted) {
  EXPECT_EQ(
      to_table({report({})}),
      R"(| model | parameters |    size | type   | threads | kernels | KV   | depth | batch |         prefill 512 | of limit | of tile |      decode 64 | of limit |
|-------|-----------:|--------:|--------|--------:|---------|------|------:|------:|--------------------:|---------:|--------:|---------------:|---------:|
| m-7b  |     7.62 B | 4.4 GiB | Q4_K_M |       2 | avx512  | bf16 |     0 |     1 | 100.0 (90.0..110.0) |     50 % |    80 % | 5.5 (5.0..6.0) |     55 % |

Tokens per second over the batch, fast numerics; median of 3 rounds (lowest..highest).
Some CPU, 2 threads: reads 31.3 GB/s (1.0 GiB), int8 2000.0 Gop/s, 1000.0 with a scale every 32 weights, float32 400.0 Gflop/s
)");
}

TEST(BenchReport, ComparesRoundByRound) {
  const std::string table = to_table({report("llama-bench")});
  EXPECT_NE(table.find("| program     | model |"), std::string::npos) << table;
  EXPECT_NE(table.find("| llama-bench | m-7b  |"), std::string::npos) << table;
  // 100/50, 90/30, 110/50 and 6/3, 5/2.5, 5.5/2.5
  EXPECT_NE(table.find("2.20 (2.00..3.00)"), std::string::npos) << table;
  EXPECT_NE(table.find("2.00 (2.00..2.20)"), std::string::npos) << table;
}

TEST(BenchReport, ACaseThatThePeerCannotRunHasOneRow) {
  BenchReport batched = report("llama-bench");
  batched.rows[0].peer_rounds.clear();
  EXPECT_EQ(to_table({batched}).find("ratio"), std::string::npos);
  EXPECT_TRUE(to_json(batched, batched.rows[0]).find("peer")->find("prefill_ratio")->is_null());
}

TEST(BenchReport, ShowsNoFigureThatWasNotMeasured) {
  BenchReport prompt_only = report({});
  prompt_only.rows[0].bench_case.generate_tokens = 0;
  prompt_only.rows[0].limits.prefill = std::numeric_limits<double>::quiet_NaN();
  const std::string table = to_table({prompt_only});
  EXPECT_NE(table.find("| 100.0 (90.0..110.0) |        - |    80 % |        - |"), std::string::npos)
      << table;
  const base::Json json = to_json(prompt_only, prompt_only.rows[0]);
  EXPECT_TRUE(json.find("decode_tokens_per_second")->is_null());
  EXPECT_EQ(json.find("decode_rounds")->as_array().size(), 0u);
}

TEST(BenchReport, JsonHasMediansRoundsAndRatios) {
  const BenchReport compared = report("llama-bench");
  const base::Json json = to_json(compared, compared.rows[0]);
  EXPECT_NEAR(json.find("prefill_tokens_per_second")->as_double(), 100, 1e-9);
  EXPECT_EQ(json.find("prefill_rounds")->as_array().size(), 3u);
  EXPECT_EQ(json.find("prefill_tile_limit")->as_double(), 125);
  const base::Json& peer = *json.find("peer");
  EXPECT_EQ(peer.find("prefill_tokens_per_second")->as_double(), 50);
  EXPECT_NEAR(peer.find("prefill_ratio")->find("median")->as_double(), 2.2, 1e-9);
  EXPECT_NEAR(peer.find("prefill_ratio")->find("max")->as_double(), 3, 1e-9);
}

TEST(BenchReport, SaysHowOftenTheQuotaStoppedIt) {
  BenchReport stopped = report({});
  EXPECT_EQ(to_table({stopped}).find("quota"), std::string::npos);
  EXPECT_EQ(to_json(stopped, stopped.rows[0]).find("throttled_periods"), nullptr);
  stopped.throttled_periods = 7;
  EXPECT_NE(to_table({stopped}).find("Stopped in 7 periods"), std::string::npos);
  EXPECT_NE(to_json(stopped, stopped.rows[0]).find("throttled_periods"), nullptr);
}

TEST(BenchReport, AMedianOfAnEvenNumberLiesBetween) {
  BenchReport two = report({});
  two.rows[0].rounds.pop_back();
  EXPECT_NEAR(to_json(two, two.rows[0]).find("prefill_tokens_per_second")->as_double(), 95, 1e-9);
}

}  // namespace
}  // namespace apps
