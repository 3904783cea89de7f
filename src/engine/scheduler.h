#pragma once
// Decides what each step computes. Knows sequences and pages, no model, no clock and no thread.
//
// A step is: one token of every sequence that decodes, then prompt tokens up to the budget.
//   - Turns go by priority, then by arrival; "oldest" and "youngest" below are meant in this order.
//   - Admission in order of turns, when the pages for the whole prompt are there and each running sequence
//   could still
//     grow by one. A prompt whose beginning another one is just computing waits for those pages instead.
//   - The oldest unfinished prompt gets at least half of the prompt budget, so no stream of others can starve
//   it. The
//     other half goes to prompts that are shorter than what it has left, shortest first, so that it cannot
//     hold up a short one for long. What then remains goes round in order of arrival.
//   - While others decode, the prompt budget is cut so that the step should take no longer than
//   `token_gap_seconds`, by
//     the speed of earlier steps.
//   - When pages run out, cached pages go first, then the youngest sequence gives up its pages and
//   queues again
//     with what it has generated. The oldest sequence is never preempted, so all of them end.
//   - A prompt whose own log-probabilities are wanted is computed from its start, a few rows a step, as each
//   row's logits
//     take memory.
//   - Drafts (engine/speculation.h) are added to steps that read no prompt, and never take a page that
//   another sequence could need for its next token.
// None of this changes a single token of an answer (docs/numerics.md).
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "engine/sequence.h"
#include "kv_cache/kv_cache.h"

namespace engine {

struct SchedulerOptions {
  int max_sequences = 32;           // running at once
  int64_t chunk_tokens = 512;       // rows of a step
  double token_gap_seconds = 0.25;  // aimed at, while others decode
  int64_t draft_rows = 0;           // drafts of a step at most, over all sequences
};

// The next n_rows - n_drafts tokens of a sequence, then the first n_drafts of its drafts. Where the prompt's
// own log-probabilities are wanted, the logits of n_prompt_logits rows from first_prompt_logit on are too.
struct PlannedRows {
  Sequence* sequence = nullptr;
  int64_t n_rows = 0;
  bool wants_logits = false;  // of its last token and of its drafts: the last token is among the rows
  int64_t n_drafts = 0;

  int64_t first_prompt_logit = 0;
  int64_t n_prompt_logits = 0;

  int64_t n_logits() const { return n_prompt_logits + (wants_logits ? 1 + n_drafts : 0); }
};

class Scheduler {
 public:
  // REQUIRES: the cache outlives the scheduler and can hold any one sequence at its limit.
  Scheduler(const SchedulerOptions& options, kv_cache::KvCache& cache);
  ~Scheduler();

  // Rows of the largest step that a scheduler with these options plans, and those of them that want logits.
  static int64_t max_rows(const SchedulerOptions& options);
  static int64_t max_logit_rows(const SchedulerOptions& options);

  // REQUIRES: ids are distinct.
  void add(std::unique_ptr<Sequence> sequence);

  // Null if there is none. With `keep_prefix`, what it has stored can be found by later sequences.
  std::unique_ptr<Sequence> remove(RequestId id, bool keep_prefix);

  // Plans one step, in order of turns; empty only if there is nothing to do. Valid until the next call of
  // next_step().
  std::span<const PlannedRows> next_step();

  // Whether the planned step only decodes: only then may there be drafts.
  bool only_decodes() const;

  // Adds rows for the sequences' drafts, as far as they fit before their limits and into pages that nobody
  // else will need for the next step. Returns the plan. REQUIRES: only_decodes().
  std::span<const PlannedRows> add_drafts();

  // The planned rows have been computed, which took that long. Drafts do not count as stored: the caller
  // appends tokens, and calls accept_draft() for each that was drafted, or removes sequences.
  void complete_step(double seconds);

  // The sequence's last token is the next of its drafts, so its keys and values are stored already.
  static void accept_draft(Sequence& sequence) { ++sequence.cache.n_stored; }

  bool is_idle() const { return running_.empty() && waiting_.empty(); }
  std::span<const std::unique_ptr<Sequence>> running() const { return running_; }
  const std::deque<std::unique_ptr<Sequence>>& waiting() const { return waiting_; }
  int64_t n_preempted() const { return n_preempted_; }

  // Ends the process unless every page is accounted for.
  void check_integrity() const;

 private:
  void plan_decodes();
  bool make_room(Sequence& sequence);
  void preempt_youngest();
  void admit();
  bool is_worth_waiting_for(const Sequence& sequence) const;
  int64_t prompt_budget() const;
  void plan_prompts(int64_t budget);
  int64_t give(Sequence& sequence, int64_t budget);
  PlannedRows planned_rows(Sequence& sequence) const;
  int64_t room_for_drafts(Sequence& sequence, int64_t n_wanted);

  const SchedulerOptions options_;
  kv_cache::KvCache& cache_;
  // Both in order of turns.
  std::vector<std::unique_ptr<Sequence>> running_;
  std::deque<std::unique_ptr<Sequence>> waiting_;
  std::vector<PlannedRows> plan_;
  std::vector<Sequence*> prompts_;    // scratch of plan_prompts
  int64_t n_decodes_ = 0;             // in plan_
  int64_t n_prompt_logits_left_ = 0;  // rows of this step that may still want logits for a prompt's sake
  double seconds_per_row_ = 0;        // of steps with many rows, smoothed; 0: not known yet
  int64_t n_preempted_ = 0;
};

}  // namespace engine
