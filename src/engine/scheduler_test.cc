#include "engine/scheduler.h"

#include <algorithm>
#include <map>
#include <random>

#include "gtest/gtest.h"

namespace engine {
namespace {

// A runner that computes nothing, and a clock that only it moves: 5 ms a step and 1 ms a row.
class Simulation {
 public:
  struct Outcome {
    double submitted = 0, answered = 0, ended = 0;
    double longest_gap = 0;  // between two tokens
    int64_t n_generated = 0;
    bool cancelled = false;
  };

  Simulation(const SchedulerOptions& options, int64_t n_pages, bool reuse = true)
      : options_(options),
        cache_({.n_pages = n_pages, .reuse = reuse}, [](auto, auto, int) {}),
        scheduler_(options, cache_) {}

  RequestId submit(std::vector<TokenId> prompt, int64_t max_tokens, std::string salt = {}) {
    auto sequence = std::make_unique<Sequence>();
    sequence->id = RequestId{next_id_++};
    sequence->n_prompt = static_cast<int64_t>(prompt.size());
    sequence->n_limit = sequence->n_prompt + max_tokens;
    sequence->tokens = std::move(prompt);
    sequence->salt = std::move(salt);
    const RequestId id = sequence->id;
    outcomes[id].submitted = now;
    scheduler_.add(std::move(sequence));
    return id;
  }
  RequestId submit(int64_t n_prompt, int64_t max_tokens) {
    std::vector<TokenId> prompt(static_cast<size_t>(n_prompt));
    for (TokenId& token : prompt) token = static_cast<TokenId>(random() % 50000);
    return submit(std::move(prompt), max_tokens);
  }

  void cancel(RequestId id) {
    if (scheduler_.remove(id, /*keep_prefix=*/true) == nullptr) return;
    outcomes[id].cancelled = true;
    outcomes[id].ended = now;
  }

  std::span<const PlannedRows> step() {
    const auto plan = scheduler_.next_step();
    int64_t n_rows = 0;
    for (const PlannedRows& planned : plan) {
      EXPECT_GT(planned.n_rows, 0);
      EXPECT_LE(planned.n_rows, planned.sequence->n_to_compute());
      EXPECT_EQ(planned.wants_logits, planned.n_rows == planned.sequence->n_to_compute());
      EXPECT_LE(kv_cache::pages_for(planned.sequence->cache.n_stored + planned.n_rows),
                static_cast<int64_t>(planned.sequence->cache.pages.size()));
      n_rows += planned.n_rows;
    }
    EXPECT_LE(n_rows, Scheduler::max_rows(options_));
    EXPECT_LE(plan.size(), static_cast<size_t>(options_.max_sequences));
    last_step_seconds = 0.005 + 0.001 * static_cast<double>(n_rows);
    now += last_step_seconds;
    rows_computed += n_rows;
    scheduler_.complete_step(last_step_seconds);
    for (const PlannedRows& planned : plan)
      if (planned.wants_logits) generate(*planned.sequence);
    scheduler_.check_integrity();
    return plan;
  }

  void run_until_idle() {
    for (int64_t n = 0; !scheduler_.is_idle(); ++n) {
      step();
      ASSERT_LT(n, 1000000);
    }
  }

  Scheduler& scheduler() { return scheduler_; }
  kv_cache::KvCache& cache() { return cache_; }

  std::map<RequestId, Outcome> outcomes;
  std::mt19937 random{1};
  double now = 0;
  double last_step_seconds = 0;
  int64_t rows_computed = 0;

 private:
  void generate(Sequence& sequence) {
    Outcome& outcome = outcomes[sequence.id];
    if (outcome.n_generated++ == 0)
      outcome.answered = now;
    else
      outcome.longest_gap = std::max(outcome.longest_gap, now - last_token_[sequence.id]);
    last_token_[sequence.id] = now;
    sequence.tokens.push_back(static_cast<TokenId>(random() % 50000));
    if (sequence.n_tokens() < sequence.n_limit) return;
    outcome.ended = now;
    scheduler_.remove(sequence.id, /*keep_prefix=*/true);
  }

  SchedulerOptions options_;
  kv_cache::KvCache cache_;
  Scheduler scheduler_;
  std::map<RequestId, double> last_token_;
  uint64_t next_id_ = 1;
};

TEST(Scheduler, CutsAPromptIntoChunksAndThenDecodes) {
  Simulation simulation({.max_sequences = 4, .chunk_tokens = 100}, /*n_pages=*/16);
  simulation.submit(250, 3);
  for (const int64_t n_rows : {100, 100, 50, 1, 1}) {
    const auto plan = simulation.step();
    ASSERT_EQ(plan.size(), 1u);
    EXPECT_EQ(plan[0].n_rows, n_rows);
  }
  EXPECT_TRUE(simulation.scheduler().is_idle());
}

}  // namespace
}  // namespace engine
