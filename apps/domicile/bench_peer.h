#pragma once
// Another engine's benchmark, measured on the same file: llama-bench, or a program with its flags and JSON.
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/bench_runner.h"
#include "platform/environment.h"

namespace apps {

struct PeerRates {
  double prefill_tokens_per_second = 0;
  double decode_tokens_per_second = 0;  // 0 if nothing was to be generated
};

class BenchPeer {
 public:
  // `command`: the program's path or name, then flags of its own, between blanks ("llama-bench -fa 1"); a
  // path that holds blanks is taken as a whole if there is such a file. Code::not_found if there is no such
  // program.
  static base::Result<BenchPeer> find(const std::string& command, platform::Environment environment);

  const std::string& name() const { return name_; }  // "llama-bench"
  // Whether it can measure the case: llama-bench knows one sequence only.
  static bool can_run(const engine::BenchCase& bench_case) { return bench_case.batch == 1; }

  // Runs the program once; every error is one sentence that says what became of it. `go_on`: see
  // platform::ProgramRun. REQUIRES: can_run(bench_case).
  base::Result<PeerRates> run(const std::string& model_path, const engine::BenchCase& bench_case,
                              int n_threads, const std::function<bool()>& go_on) const;

 private:
  BenchPeer(std::string name, std::vector<std::string> command, platform::Environment environment)
      : name_(std::move(name)), command_(std::move(command)), environment_(std::move(environment)) {}

  std::string name_;
  std::vector<std::string> command_;
  platform::Environment environment_;
};

}  // namespace apps
