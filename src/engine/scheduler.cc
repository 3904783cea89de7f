#include "engine/scheduler.h"

#include <algorithm>

#include "base/check.h"

namespace engine {

namespace {

// However many sequences decode, prompts advance by this much in each step.
constexpr int64_t kLeastPromptRows = 32;

// Prompt rows of a step whose own logits may be wanted: 16 rows of 152k floats are 10 MB. Drafts do not come
// with prompts, so they share their rows.
constexpr int64_t kPromptLogitRows = 16;

// A step in which nobody decodes may take this many times as long: what it delays is a cancellation or a new
// request.
constexpr double kAloneFactor = 4;

int64_t least_prompt_rows(const SchedulerOptions& options) {
  return std::min(kLeastPromptRows, options.chunk_tokens);
}

int64_t common_prefix(std::span<const TokenId> a, std::span<const TokenId> b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}

std::pair<int, RequestId> turn_of(const std::unique_ptr<Sequence>& sequence) {
  return sequence->turn();
}

// Where it stands or would stand.
template <class Sequences>
auto place_of(Sequences& sequences, const Sequence& sequence) {
  return std::ranges::lower_bound(sequences, sequence.turn(), {}, turn_of);
}

template <class Sequences>
auto find_by_id(Sequences& sequences, RequestId id) {
  return std::ranges::find(sequences, id, [](const auto& s) { return s->id; });
}

}  // namespace

Scheduler::Scheduler(const SchedulerOptions& options, kv_cache::KvCache& cache)
    : options_(options), cache_(cache) {
  CHECK(options.max_sequences > 0 && options.chunk_tokens > 0 && options.draft_rows >= 0);
  running_.reserve(static_cast<size_t>(options.max_sequences));
  plan_.reserve(static_cast<size_t>(options.max_sequences));
  prompts_.reserve(static_cast<size_t>(options.max_sequences));
}

Scheduler::~Scheduler() {
  for (const auto& sequence : running_) cache_.release(sequence->cache);
}

int64_t Scheduler::max_rows(const SchedulerOptions& options) {
  return std::max(
      {options.chunk_tokens, options.max_sequences + least_prompt_rows(options), max_logit_rows(options)});
}

int64_t Scheduler::max_logit_rows(const SchedulerOptions& options) {
  return options.max_sequences + std::max(options.draft_rows, kPromptLogitRows);
}

void Scheduler::add(std::unique_ptr<Sequence> sequence) {
  CHECK(!sequence->tokens.empty() && sequence->n_tokens() < sequence->n_limit);
  CHECK(kv_cache::pages_for(sequence->n_limit - 1) <= cache_.n_pages());
  const auto place = place_of(waiting_, *sequence);
  waiting_.insert(place, std::move(sequence));
}

std::unique_ptr<Sequence> Scheduler::remove(RequestId id, bool keep_prefix) {
  std::unique_ptr<Sequence> sequence;
  if (const auto w = find_by_id(waiting_, id); w != waiting_.end()) {
    sequence = std::move(*w);
    waiting_.erase(w);
  } else if (const auto r = find_by_id(running_, id); r != running_.end()) {
    sequence = std::move(*r);
    running_.erase(r);
    if (keep_prefix)
      cache_.finish(sequence->cache, sequence->tokens);
    else
      cache_.release(sequence->cache);
  }
  return sequence;
}

std::span<const PlannedRows> Scheduler::next_step() {
  plan_.clear();
  for (const auto& sequence : running_) sequence->n_planned = 0;
  const int64_t n_preempted_before = n_preempted_;
  plan_decodes();
  if (n_preempted_ == n_preempted_before) admit();
  plan_prompts(prompt_budget());
  for (const auto& sequence : running_)
    if (sequence->n_planned > 0) plan_.push_back(planned_rows(*sequence));
  CHECK(!plan_.empty() || is_idle());
  return plan_;
}

PlannedRows Scheduler::planned_rows(Sequence& sequence) const {
  PlannedRows planned{.sequence = &sequence,
                      .n_rows = sequence.n_planned,
                      .wants_logits = sequence.n_planned == sequence.n_to_compute()};
  if (sequence.n_to_score() == 0) return planned;
  // Rows before this have been looked at and are only computed again, after a preemption.
  planned.first_prompt_logit =
      std::min(sequence.n_planned, sequence.n_prompt_scored - sequence.cache.n_stored);
  planned.n_prompt_logits = std::min(sequence.n_planned - planned.first_prompt_logit, sequence.n_to_score());
  return planned;
}

void Scheduler::plan_decodes() {
  n_decodes_ = 0;
  // The youngest stand last: make_room() takes away those that this loop has not come to.
  for (size_t i = 0; i < running_.size(); ++i) {
    Sequence& sequence = *running_[i];
    if (sequence.n_to_compute() != 1) continue;
    if (!make_room(sequence)) return;
    sequence.n_planned = 1;
    ++n_decodes_;
  }
}

// False: the sequence was the youngest, and has been preempted itself.
bool Scheduler::make_room(Sequence& sequence) {
  while (!cache_.grow(sequence.cache, sequence.n_tokens())) {
    const bool is_itself = running_.back().get() == &sequence;
    preempt_youngest();
    if (is_itself) return false;
  }
  return true;
}

void Scheduler::preempt_youngest() {
  std::unique_ptr<Sequence> sequence = std::move(running_.back());
  running_.pop_back();
  cache_.finish(sequence->cache, sequence->tokens);
  ++n_preempted_;
  const auto place = place_of(waiting_, *sequence);
  waiting_.insert(place, std::move(sequence));
}

void Scheduler::admit() {
  for (size_t i = 0; i < waiting_.size() && running_.size() < static_cast<size_t>(options_.max_sequences);) {
    Sequence& sequence = *waiting_[i];
    if (is_worth_waiting_for(sequence)) {
      ++i;
      continue;
    }
    auto pages = cache_.begin(sequence.tokens, sequence.salt, static_cast<int64_t>(running_.size()),
                              sequence.n_to_score() > 0 ? sequence.n_prompt_scored : INT64_MAX);
    if (!pages) {
      CHECK(!running_.empty());
      return;
    }
    sequence.cache = std::move(*pages);
    sequence.n_planned = 0;
    if (sequence.n_cached_prompt < 0) sequence.n_cached_prompt = sequence.cache.n_reused;
    running_.insert(place_of(running_, sequence), std::move(waiting_[i]));
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// Whether a running sequence is about to compute pages that this one could share.
bool Scheduler::is_worth_waiting_for(const Sequence& sequence) const {
  if (sequence.n_to_score() > 0) return false;  // it shares nothing
  return std::ranges::any_of(running_, [&](const auto& other) {
    if (other->n_to_compute() <= 1 || other->salt != sequence.salt || !cache_.reuses()) return false;
    // The last token is always computed anew.
    const int64_t n_shared = std::min(common_prefix(other->tokens, sequence.tokens), sequence.n_tokens() - 1);
    return n_shared / kv_cache::kPageTokens > other->cache.n_stored / kv_cache::kPageTokens;
  });
}

int64_t Scheduler::prompt_budget() const {
  int64_t budget = options_.chunk_tokens - n_decodes_;
  if (seconds_per_row_ > 0) {
    const double seconds = options_.token_gap_seconds * (n_decodes_ > 0 ? 1 : kAloneFactor);
    const double n_in_time = seconds / seconds_per_row_ - static_cast<double>(n_decodes_);
    budget = static_cast<int64_t>(std::min(static_cast<double>(budget), n_in_time));
  } else if (n_decodes_ > 0) {
    budget = std::min(budget, 2 * kLeastPromptRows);  // enough to learn the speed from
  }
  return std::max(budget, least_prompt_rows(options_));
}

void Scheduler::plan_prompts(int64_t budget) {
  prompts_.clear();
  n_prompt_logits_left_ = kPromptLogitRows;
  for (const auto& sequence : running_)
    if (sequence->n_planned == 0) prompts_.push_back(sequence.get());
  if (prompts_.empty()) return;
  Sequence& oldest = *prompts_.front();
  budget -= give(oldest, (budget + 1) / 2);
  // Sorted by what is left, then by id; the oldest's share is decided first, so its order among them is of no
  // account.
  std::ranges::sort(prompts_, [](const Sequence* a, const Sequence* b) {
    return std::pair(a->n_to_compute(), a->turn()) < std::pair(b->n_to_compute(), b->turn());
  });
  for (Sequence* sequence : prompts_)
    if (sequence != &oldest && sequence->n_to_compute() < oldest.n_to_compute())
      budget -= give(*sequence, budget);
  std::ranges::sort(prompts_, {}, &Sequence::turn);
  for (Sequence* sequence : prompts_) budget -= give(*sequence, budget);
}

int64_t Scheduler::give(Sequence& sequence, int64_t budget) {
  int64_t n_rows = std::min(budget, sequence.n_to_compute() - sequence.n_planned);
  if (sequence.n_to_score() > 0) {
    n_rows = std::min(n_rows, n_prompt_logits_left_);
    n_prompt_logits_left_ -= n_rows;
  }
  sequence.n_planned += n_rows;
  return n_rows;
}

bool Scheduler::only_decodes() const {
  return n_decodes_ == std::ssize(plan_);
}

std::span<const PlannedRows> Scheduler::add_drafts() {
  CHECK(only_decodes());
  int64_t n_left = options_.draft_rows;
  for (PlannedRows& planned : plan_) {
    const auto n_wanted = std::min(n_left, std::ssize(planned.sequence->drafting.drafts));
    planned.n_drafts = room_for_drafts(*planned.sequence, n_wanted);
    planned.n_rows += planned.n_drafts;
    n_left -= planned.n_drafts;
  }
  return plan_;
}

int64_t Scheduler::room_for_drafts(Sequence& sequence, int64_t n_wanted) {
  const int64_t n = std::min(n_wanted, sequence.n_limit - 1 - sequence.n_tokens());
  const auto n_held = std::ssize(sequence.cache.pages);
  const int64_t n_more = kv_cache::pages_for(sequence.n_tokens() + n) - n_held;
  if (n_more <= 0) return std::max<int64_t>(n, 0);
  // One page for each that runs is left alone: the next step needs no more, so drafts preempt nobody.
  if (cache_.n_available() - n_more >= std::ssize(running_) &&
      cache_.grow(sequence.cache, sequence.n_tokens() + n))
    return n;
  return n_held * kv_cache::kPageTokens - sequence.n_tokens();
}

void Scheduler::complete_step(double seconds) {
  int64_t n_rows = 0;  // but drafts, which do not come with prompts
  for (const PlannedRows& planned : plan_) {
    const int64_t n_certain = planned.n_rows - planned.n_drafts;
    planned.sequence->cache.n_stored += n_certain;
    cache_.publish(planned.sequence->cache, planned.sequence->tokens);
    n_rows += n_certain;
  }
  // Small steps are bound by reading the weights and say nothing about the cost of a row.
  if (n_rows < kLeastPromptRows || n_rows <= n_decodes_) return;
  const double seconds_per_row = seconds / static_cast<double>(n_rows);
  seconds_per_row_ =
      seconds_per_row_ == 0 ? seconds_per_row : 0.75 * seconds_per_row_ + 0.25 * seconds_per_row;
}

void Scheduler::check_integrity() const {
  std::vector<const kv_cache::SequencePages*> held;
  held.reserve(running_.size());
  for (const auto& sequence : running_) held.push_back(&sequence->cache);
  for (const auto& sequence : waiting_) CHECK(sequence->cache.root == nullptr);
  cache_.check_integrity(held);
  CHECK(std::ranges::is_sorted(running_, {}, turn_of));
  CHECK(std::ranges::is_sorted(waiting_, {}, turn_of));
}

}  // namespace engine
