#pragma once
// What `bench` prints: a table to paste, or one line of JSON for each case.
#include <optional>
#include <string>
#include <vector>

#include "apps/domicile/bench_limits.h"
#include "apps/domicile/bench_peer.h"
#include "base/json.h"

namespace apps {

// The measured model and how it ran; the same for all rows that one number of threads gives.
struct BenchSubject {
  std::string model;  // "qwen2.5-7b"
  std::string type;   // "Q4_K_M"
  int64_t n_parameters = 0;
  uint64_t tensor_bytes = 0;  // in the file
  uint64_t weight_bytes = 0;  // in memory
  int n_threads = 1;
  std::string kernels, numerics, kv_type;
  std::string cpu;                  // "Intel(R) Xeon(R) Processor"; may be empty
  std::optional<std::string> peer;  // its name
};

// One case: a result for each round, and the peer's of the same rounds if there is one that can run it.
struct BenchRow {
  engine::BenchCase bench_case;
  std::vector<engine::BenchResult> rounds;
  std::vector<PeerRates> peer_rounds;
  BenchLimits limits;
};

struct BenchReport {
  BenchSubject subject;
  compute::cpu::Roof roof;
  std::vector<BenchRow> rows;
  // How often a control group stopped the program for its CPU quota while all this was measured: the figures
  // are then the quota's, not the machine's.
  uint64_t throttled_periods = 0;
};

// What the file calls its mixture of types ("Q4_K_M"), or else the type that most parameters have.
std::string type_name(const model_files::ModelFile& file);

// REQUIRES: at least one report; all of the same cases but for the threads, each row with a round.
std::string to_table(const std::vector<BenchReport>& reports);
base::Json to_json(const BenchReport& report, const BenchRow& row);

// Lines of a Markdown table, columns aligned; `left` of the columns hold text.
std::string markdown_table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& left);

}  // namespace apps
