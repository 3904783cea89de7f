#pragma once
// What a run of `bench` measures: every batch at every depth with every number of threads.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/bench_runner.h"

namespace apps {

// As given on the command line; lists are numbers with commas.
struct BenchRequest {
  int64_t prompt = 512, generate = 64, repeat = 1;
  std::string batch = "1", depth = "0";
  std::optional<std::string> threads;
};

struct BenchPlan {
  std::vector<int> threads;
  std::vector<engine::BenchCase> cases;  // by depth, then by batch, as they were given
  int n_rounds = 1;
};

// `default_threads` if the request names none. Fails with Code::invalid_argument, naming the flag.
base::Result<BenchPlan> plan_bench(const BenchRequest& request, int default_threads);

// "1,2,8": `flag` is for messages.
base::Result<std::vector<int64_t>> parse_integers(std::string_view flag, std::string_view text, int64_t least,
                                                  int64_t most);

}  // namespace apps
