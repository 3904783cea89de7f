#pragma once
// Decides how far each sequence is drafted: as many tokens as make the step worth more than it costs.
//
// A step with drafts has more rows than sequences. Its worth is the tokens it is expected to yield; its cost
// is learned (StepCosts). Drafts are taken from all sequences, the likeliest first, as long as tokens per
// second rise. Nothing here can change a token of an answer: the engine samples every token from the model's
// own logits and keeps the rows of those drafts that it drew (docs/engine.md, "Speculation").
#include <cstdint>
#include <span>
#include <vector>

#include "engine/drafter.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/step_costs.h"

namespace engine {

struct SpeculationOptions {
  int64_t most_drafts = 16;    // of one sequence
  int64_t most_rows = 64;      // of a step, sequences and drafts
  int64_t n_valid_ids = 0;     // others are never passed on
  bool always = false;         // as many drafts as there is room for, whatever they cost
  Drafter* drafter = nullptr;  // for what has not stood in the text before; may be null; borrowed
};

class Speculation {
 public:
  explicit Speculation(const SpeculationOptions& options);

  // Replaces the drafts of all planned sequences. REQUIRES: the step only decodes.
  void propose(std::span<const PlannedRows> plan);

  // A step that only decoded, drafts included, has been computed.
  void learn(int64_t n_rows, double seconds);

  // The first n_right of n_drafted drafts were what the model said.
  void judge(Sequence& sequence, int64_t n_drafted, int64_t n_right);

  void forget(RequestId id);

 private:
  // A sequence while a step's drafts are chosen.
  struct Candidate {
    Sequence* sequence = nullptr;
    int64_t most = 0;  // drafts that have room before its limit
    int64_t n_taken = 0;
    double chance = 1;  // that all drafts taken so far are right
  };
  struct Expected {
    int64_t n_rows = 0;
    double n_tokens = 0;
  };

  void look_up(std::span<const PlannedRows> plan);
  void drop_drafts();
  Expected choose_lookups();
  size_t likeliest_next(double& chance) const;
  void ask_drafter(const Expected& without);
  int64_t best_draft_length(const Expected& without) const;
  bool is_time_for_trial();
  void keep_usable(Candidate& candidate) const;

  const SpeculationOptions options_;
  StepCosts costs_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<double>> probabilities_;  // [candidates, drafts]
  std::vector<int64_t> n_kept_;                     // of each candidate, at the best point so far
  std::vector<Candidate*> asked_;
  std::vector<Drafter::Wanted> wanted_;
  // A drafter that is too slow or too often wrong is tried again, ever more rarely.
  bool has_tried_drafter_ = false;
  int64_t steps_to_trial_ = 0;
  int64_t trial_interval_ = 0;
};

}  // namespace engine
