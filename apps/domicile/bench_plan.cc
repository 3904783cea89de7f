#include "apps/domicile/bench_plan.h"

#include <charconv>

#include "base/strings.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr int64_t kMostTokens = 1 << 24, kMostBatch = 256, kMostThreads = 1024, kMostRounds = 1000;

base::Status check(std::string_view flag, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return {};
  return fail(Code::invalid_argument, cat(flag, " is ", value, ", must be ", least, "..", most));
}

}  // namespace

Result<std::vector<int64_t>> parse_integers(std::string_view flag, std::string_view text, int64_t least,
                                            int64_t most) {
  std::vector<int64_t> values;
  for (const std::string_view each : base::split(text, ',')) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(each.data(), each.data() + each.size(), value);
    if (error != std::errc() || end != each.data() + each.size())
      return fail(Code::invalid_argument,
                  cat(flag, ": '", text, "' is no list of whole numbers such as 1,2,8"));
    TRY(check(flag, value, least, most));
    values.push_back(value);
  }
  return values;
}

Result<BenchPlan> plan_bench(const BenchRequest& request, int default_threads) {
  TRY(check("--prompt", request.prompt, 1, kMostTokens));
  TRY(check("--generate", request.generate, 0, kMostTokens));
  TRY(check("--repeat", request.repeat, 1, kMostRounds));
  BenchPlan plan{.n_rounds = static_cast<int>(request.repeat)};
  const std::vector<int64_t> batches = TRY(parse_integers("--batch", request.batch, 1, kMostBatch));
  const std::vector<int64_t> depths = TRY(parse_integers("--depth", request.depth, 0, kMostTokens));
  for (const int64_t depth : depths)
    for (const int64_t batch : batches)
      plan.cases.push_back({.prompt_tokens = request.prompt,
                            .generate_tokens = request.generate,
                            .depth_tokens = depth,
                            .batch = static_cast<int>(batch)});
  if (!request.threads) {
    plan.threads = {default_threads};
    return plan;
  }
  const std::vector<int64_t> threads = TRY(parse_integers("--threads", *request.threads, 1, kMostThreads));
  for (const int64_t n : threads) plan.threads.push_back(static_cast<int>(n));
  return plan;
}

}  // namespace apps
