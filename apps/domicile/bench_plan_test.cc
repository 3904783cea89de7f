#include "apps/domicile/bench_plan.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

TEST(BenchPlan, TakesEveryBatchAtEveryDepth) {
  const BenchPlan plan =
      plan_bench({.prompt = 100, .generate = 10, .repeat = 3, .batch = "1,4", .depth = "0,4096"}, 2).value();
  ASSERT_EQ(plan.cases.size(), 4u);
  EXPECT_EQ(plan.cases[1],
            (engine::BenchCase{.prompt_tokens = 100, .generate_tokens = 10, .depth_tokens = 0, .batch = 4}));
  EXPECT_EQ(
      plan.cases[2],
      (engine::BenchCase{.prompt_tokens = 100, .generate_tokens = 10, .depth_tokens = 4096, .batch = 1}));
  EXPECT_EQ(plan.n_rounds, 3);
  EXPECT_EQ(plan.threads, std::vector<int>{2});
}

TEST(BenchPlan, TakesSeveralNumbersOfThreads) {
  EXPECT_EQ(plan_bench({.threads = "1,2"}, 8)->threads, (std::vector<int>{1, 2}));
}

TEST(BenchPlan, NamesTheFlagThatIsWrong) {
  const auto complaint = [](const BenchRequest& request) {
    const auto plan = plan_bench(request, 1);
    EXPECT_EQ(plan.error().code, base::Code::invalid_argument);
    return plan.error().message;
  };
  EXPECT_EQ(complaint({.batch = "many"}), "--batch: 'many' is no list of whole numbers such as 1,2,8");
  EXPECT_EQ(complaint({.batch = "1,"}), "--batch: '1,' is no list of whole numbers such as 1,2,8");
  EXPECT_EQ(complaint({.batch = "1,0"}), "--batch is 0, must be 1..256");
  EXPECT_EQ(complaint({.depth = "99999999999999999999"}),
            "--depth: '99999999999999999999' is no list of whole numbers such as 1,2,8");
  EXPECT_EQ(complaint({.threads = "-1"}), "--threads is -1, must be 1..1024");
  EXPECT_EQ(complaint({.prompt = 0}), "--prompt is 0, must be 1..16777216");
  EXPECT_EQ(complaint({.repeat = 0}), "--repeat is 0, must be 1..1000");
}

}  // namespace
}  // namespace apps
