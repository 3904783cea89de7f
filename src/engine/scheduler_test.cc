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

  RequestId submit(std::vector<TokenId> prompt, int64_t max_tokens, std::string salt = {}, int priority = 0) {
    auto sequence = std::make_unique<Sequence>();
    sequence->priority = priority;
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
  RequestId submit(int64_t n_prompt, int64_t max_tokens, int priority = 0) {
    std::vector<TokenId> prompt(static_cast<size_t>(n_prompt));
    for (TokenId& token : prompt) token = static_cast<TokenId>(random() % 50000);
    return submit(std::move(prompt), max_tokens, {}, priority);
  }

  void cancel(RequestId id) {
    if (scheduler_.remove(id, /*keep_prefix=*/true) == nullptr) return;
    outcomes[id].cancelled = true;
    outcomes[id].ended = now;
  }

  std::span<const PlannedRows> step() {
    auto plan = scheduler_.next_step();
    if (options_.draft_rows > 0 && scheduler_.only_decodes()) plan = draft(plan);
    int64_t n_rows = 0;
    for (const PlannedRows& planned : plan) {
      EXPECT_GT(planned.n_rows, 0);
      const int64_t n_certain = planned.n_rows - planned.n_drafts;
      EXPECT_LE(n_certain, planned.sequence->n_to_compute());
      EXPECT_EQ(planned.wants_logits, n_certain == planned.sequence->n_to_compute());
      EXPECT_LT(planned.sequence->n_tokens() + planned.n_drafts, planned.sequence->n_limit);
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
      if (planned.wants_logits) generate(planned);
    scheduler_.check_integrity();
    return plan;
  }

  // Up to 20 drafts for each.
  std::span<const PlannedRows> draft(std::span<const PlannedRows> plan) {
    int64_t n_wanted = 0;
    for (const PlannedRows& planned : plan) {
      planned.sequence->drafting.drafts.assign(random() % 21, 7);
      n_wanted += std::ssize(planned.sequence->drafting.drafts);
    }
    const int64_t n_preempted = scheduler_.n_preempted();
    plan = scheduler_.add_drafts();
    EXPECT_EQ(scheduler_.n_preempted(), n_preempted);
    int64_t n_drafts = 0;
    for (const PlannedRows& planned : plan) n_drafts += planned.n_drafts;
    EXPECT_LE(n_drafts, std::min(n_wanted, options_.draft_rows));
    rows_drafted += n_drafts;
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
  int64_t rows_computed = 0, rows_drafted = 0;

 private:
  // One token, and one more for each draft until chance ends it.
  void generate(const PlannedRows& planned) {
    Sequence& sequence = *planned.sequence;
    for (int64_t n_right = 0;; ++n_right) {
      if (generate_token(sequence)) return;
      if (n_right == planned.n_drafts || random() % 4 == 0) return;
      Scheduler::accept_draft(sequence);
    }
  }

  // Whether it was the last.
  bool generate_token(Sequence& sequence) {
    Outcome& outcome = outcomes[sequence.id];
    if (outcome.n_generated++ == 0)
      outcome.answered = now;
    else
      outcome.longest_gap = std::max(outcome.longest_gap, now - last_token_[sequence.id]);
    last_token_[sequence.id] = now;
    sequence.tokens.push_back(static_cast<TokenId>(random() % 50000));
    if (sequence.n_tokens() < sequence.n_limit) return false;
    outcome.ended = now;
    scheduler_.remove(sequence.id, /*keep_prefix=*/true);
    return true;
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

std::vector<int64_t> rows_of(std::span<const PlannedRows> plan) {
  std::vector<int64_t> rows;
  for (const PlannedRows& planned : plan) rows.push_back(planned.n_rows);
  return rows;
}
using Rows = std::vector<int64_t>;

TEST(Scheduler, DecodesEverybodyInEveryStep) {
  Simulation simulation({.max_sequences = 4, .chunk_tokens = 100, .token_gap_seconds = 10}, /*n_pages=*/64);
  for (int i = 0; i < 3; ++i) simulation.submit(20, 1000);
  simulation.step();
  simulation.submit(500, 10);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(rows_of(simulation.step()), (Rows{1, 1, 1, 97}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{1, 1, 1, 15}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{1, 1, 1, 1}));
}

TEST(Scheduler, ReadsLongPromptsOneAfterTheOther) {
  Simulation simulation({.max_sequences = 4, .chunk_tokens = 100}, /*n_pages=*/64);
  simulation.submit(250, 1);
  simulation.submit(250, 1);
  EXPECT_EQ(rows_of(simulation.step()), (Rows{100}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{100}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{50, 50}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{100}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{100}));
}

TEST(Scheduler, LetsAShortPromptPassALongOneThatKeepsItsHalf) {
  Simulation simulation({.max_sequences = 8, .chunk_tokens = 100}, /*n_pages=*/64);
  simulation.submit(2000, 1);
  EXPECT_EQ(rows_of(simulation.step()), (Rows{100}));
  simulation.submit(70, 1);
  simulation.submit(30, 1);
  EXPECT_EQ(rows_of(simulation.step()), (Rows{50, 20, 30}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{50, 50}));
  EXPECT_EQ(rows_of(simulation.step()), (Rows{100}));
}

TEST(Scheduler, DoesNotLetAStreamOfShortPromptsStarveALongOne) {
  Simulation simulation({.max_sequences = 8, .chunk_tokens = 100}, /*n_pages=*/128);
  const RequestId victim = simulation.submit(3000, 1);
  int64_t n_steps = 0;
  for (; simulation.outcomes[victim].ended == 0; ++n_steps) {
    ASSERT_LT(n_steps, 1000);
    for (int i = 0; i < 4; ++i) simulation.submit(50, 1);
    simulation.step();
  }
  EXPECT_EQ(n_steps, 60);  // half of 100 rows in each step
}

TEST(Scheduler, BoundsTheGapBetweenTokensWhileALongPromptIsRead) {
  for (const auto& [gap, speed_is_known] :
       {std::pair(0.1, true), std::pair(0.25, true), std::pair(0.1, false)}) {
    Simulation simulation({.max_sequences = 8, .chunk_tokens = 512, .token_gap_seconds = gap},
                          /*n_pages=*/256);
    std::vector<RequestId> victims;
    if (speed_is_known) simulation.submit(600, 1);
    simulation.run_until_idle();
    for (int i = 0; i < 4; ++i) victims.push_back(simulation.submit(10, 400));
    for (int i = 0; i < 5; ++i) simulation.step();
    const double submitted = simulation.now;
    const RequestId late = simulation.submit(6000, 1);
    simulation.run_until_idle();
    for (const RequestId victim : victims) EXPECT_LE(simulation.outcomes[victim].longest_gap, gap * 1.05);
    // The prompt of 6 s does not wait much longer than it must.
    EXPECT_LT(simulation.outcomes[late].answered - submitted, 7.0);
  }
}

TEST(Scheduler, KeepsStepsShortEnoughToHearOfNewsOnASlowMachine) {
  // A row takes 1 ms.
  Simulation simulation({.max_sequences = 2, .chunk_tokens = 512, .token_gap_seconds = 0.064},
                        /*n_pages=*/128);
  simulation.submit(5000, 1);
  simulation.step();  // the first one cannot know
  simulation.step();
  EXPECT_LT(simulation.last_step_seconds, 0.27);
}

TEST(Scheduler, AdmitsInOrderOfArrivalWhenPagesRunOut) {
  Simulation simulation({.max_sequences = 8, .chunk_tokens = 1000}, /*n_pages=*/10);
  const RequestId first = simulation.submit(500, 20);
  const RequestId large = simulation.submit(400, 20);
  const RequestId small = simulation.submit(10, 20);
  simulation.run_until_idle();
  EXPECT_LT(simulation.outcomes[first].answered, simulation.outcomes[large].answered);
  EXPECT_LE(simulation.outcomes[large].answered, simulation.outcomes[small].answered);
}

TEST(Scheduler, PreemptsTheYoungestAndEndsThemAll) {
  Simulation simulation({.max_sequences = 4, .chunk_tokens = 100}, /*n_pages=*/8);
  std::vector<RequestId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(simulation.submit(60, 400));
  simulation.run_until_idle();
  EXPECT_GT(simulation.scheduler().n_preempted(), 0);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(simulation.outcomes[ids[i]].n_generated, 400);
  for (size_t i = 1; i < 4; ++i)
    EXPECT_LE(simulation.outcomes[ids[i - 1]].ended, simulation.outcomes[ids[i]].ended);
  // The oldest never had to wait for anybody.
  EXPECT_LT(simulation.outcomes[ids[0]].longest_gap, 0.2);
}

TEST(Scheduler, WaitsForPagesThatAreJustBeingComputed) {
  Simulation simulation({.max_sequences = 4, .chunk_tokens = 100}, /*n_pages=*/64);
  std::vector<TokenId> prompt(300, 7);
  simulation.submit(prompt, 1);
  prompt.push_back(8);
  simulation.submit(prompt, 1);
  prompt.back() = 9;
  simulation.submit(prompt, 1, "another salt");
  simulation.run_until_idle();
  EXPECT_EQ(simulation.rows_computed, 300 + (301 - 300) + 301);
}

// Thousands of requests of all sizes, cancelled at any time, in too little memory: each step accounts for
// every page, all requests end, and nobody is forgotten.
TEST(Scheduler, EndsEveryRequestOfALongRandomRun) {
  for (uint32_t seed = 0; seed < 8; ++seed) {
    const SchedulerOptions options{.max_sequences = 1 + static_cast<int>(seed * 5),
                                   .chunk_tokens = seed == 0 ? 1 : 96,
                                   .draft_rows = seed % 2 == 0 ? 0 : 32};
    Simulation simulation(options, /*n_pages=*/18 + seed * 12, /*reuse=*/seed % 3 != 2);
    simulation.random.seed(seed);
    std::vector<RequestId> ids;
    const auto pick = [&](uint32_t n) { return static_cast<int64_t>(simulation.random() % n); };
    const size_t n_requests = seed == 0 ? 100 : 700;
    while (ids.size() < n_requests || !simulation.scheduler().is_idle()) {
      if (ids.size() < n_requests && pick(3) == 0) {
        // One in four starts like others do.
        const int64_t n_prompt = 1 + pick(pick(10) == 0 ? 900 : 120);
        if (pick(4) == 0)
          ids.push_back(
              simulation.submit(std::vector<TokenId>(static_cast<size_t>(n_prompt), 3), 1 + pick(100)));
        else
          ids.push_back(simulation.submit(n_prompt, 1 + pick(100)));
      }
      if (!ids.empty() && pick(20) == 0)
        simulation.cancel(ids[static_cast<size_t>(pick(static_cast<uint32_t>(ids.size())))]);
      simulation.step();
    }
    for (const RequestId id : ids) {
      const Simulation::Outcome& outcome = simulation.outcomes[id];
      EXPECT_GT(outcome.ended, 0);
      EXPECT_TRUE(outcome.cancelled || outcome.n_generated > 0);
    }
    EXPECT_EQ(simulation.rows_drafted > 0, options.draft_rows > 0);
    EXPECT_EQ(simulation.cache().n_available(), simulation.cache().n_pages());
  }
}

TEST(Scheduler, TakesNoPageForDraftsThatAnotherCouldNeed) {
  for (const auto& [n_pages, n_expected] : {std::pair{5, 20}, std::pair{4, 3}}) {
    kv_cache::KvCache cache({.n_pages = n_pages, .reuse = false}, [](auto, auto, int) {});
    Scheduler scheduler({.max_sequences = 2, .chunk_tokens = 200, .draft_rows = 40}, cache);
    for (uint64_t id = 1; id <= 2; ++id) {
      auto sequence = std::make_unique<Sequence>();
      sequence->id = RequestId{id};
      sequence->n_prompt = id == 1 ? 60 : 10;
      sequence->n_limit = 200;
      sequence->tokens.assign(static_cast<size_t>(sequence->n_prompt), static_cast<TokenId>(id));
      scheduler.add(std::move(sequence));
    }
    scheduler.next_step();
    scheduler.complete_step(0.01);
    for (const auto& sequence : scheduler.running()) {
      sequence->tokens.push_back(5);
      sequence->drafting.drafts.assign(20, 5);
    }
    ASSERT_EQ(scheduler.next_step().size(), 2u);
    ASSERT_TRUE(scheduler.only_decodes());
    // The first has 61 tokens in a page for 64. Both could need a page for the next step; a third is spare or
    // not.
    const auto plan = scheduler.add_drafts();
    EXPECT_EQ(plan[0].n_drafts, n_expected);
    EXPECT_EQ(plan[1].n_drafts, 20);
  }
}

TEST(Scheduler, LowerPrioritiesGoFirst) {
  Simulation s({.max_sequences = 1, .chunk_tokens = 64}, 100);
  const RequestId running = s.submit(64, 10), later = s.submit(64, 10, 1), usual = s.submit(64, 10),
                  urgent = s.submit(64, 10, -5);
  s.run_until_idle();
  EXPECT_LT(s.outcomes[urgent].ended, s.outcomes[running].ended) << "nothing had begun";
  EXPECT_LT(s.outcomes[running].ended, s.outcomes[usual].ended);
  EXPECT_LT(s.outcomes[usual].ended, s.outcomes[later].ended);
}

TEST(Scheduler, WhoeverMattersLeastGivesUpItsPages) {
  // Six pages, three sequences of up to three each: one has to go.
  Simulation s({.max_sequences = 3, .chunk_tokens = 64}, 6, /*reuse=*/false);
  const RequestId unimportant = s.submit(64, 120, 9);
  s.step();
  const RequestId first = s.submit(64, 120), second = s.submit(64, 120, -1);
  s.run_until_idle();
  EXPECT_GT(s.scheduler().n_preempted(), 0);
  EXPECT_GT(s.outcomes[unimportant].ended, s.outcomes[first].ended) << "though it came first";
  EXPECT_GT(s.outcomes[unimportant].ended, s.outcomes[second].ended);
  for (const RequestId id : {unimportant, first, second}) EXPECT_EQ(s.outcomes[id].n_generated, 120);
}

TEST(Scheduler, AnyMixOfPrioritiesEnds) {
  Simulation s({.max_sequences = 4, .chunk_tokens = 48}, 12);
  std::vector<RequestId> all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(s.submit(1 + static_cast<int64_t>(s.random() % 300),
                           1 + static_cast<int64_t>(s.random() % 60), static_cast<int>(s.random() % 5) - 2));
    if (i % 7 == 3) s.cancel(all[s.random() % all.size()]);
    for (int n = 0; n < 3; ++n)
      if (!s.scheduler().is_idle()) s.step();
  }
  s.run_until_idle();
  for (const RequestId id : all) EXPECT_TRUE(s.outcomes[id].ended > 0 || s.outcomes[id].cancelled);
}

}  // namespace
}  // namespace engine
