#pragma once
// What a step that only decodes costs, by its number of rows, learned from the steps that were run.
//
// Reading the weights costs the same for one row and for several, so up to some number of rows a further one
// is almost free; where that ends depends on machine, model and kernels, and is measured, not assumed.
#include <cstdint>
#include <vector>

namespace engine {

class StepCosts {
 public:
  explicit StepCosts(int64_t most_rows);

  // REQUIRES: 1 <= n_rows <= most_rows.
  void learn(int64_t n_rows, double seconds);

  // Whether steps of this size were measured, often and lately enough.
  bool is_known(int64_t n_rows) const;

  // Expected seconds of a step of n_rows, between and beyond measured sizes by straight lines. Before
  // anything was learned the unit is arbitrary: only ratios mean something, here as everywhere.
  double seconds(int64_t n_rows) const;

 private:
  struct Entry {
    double seconds = 0;
    int64_t n_samples = 0;
    int64_t learned_at = 0;
  };

  std::vector<Entry> entries_;  // by rows; [0] is not used
  int64_t now_ = 0;             // counts samples
};

}  // namespace engine
