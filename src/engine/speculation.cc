#include "engine/speculation.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace engine {

namespace {

// A prompt is read into the index beside the first steps of its answer: 4096 tokens take 1 ms.
constexpr int64_t kReadPerStep = 4096;

// Measured costs are noisy; less gain than this is none.
constexpr double kLeastGain = 1.05;

// A drafter that is of no use costs one step in this many about a step's time, then half as often each time.
constexpr int64_t kFirstTrialInterval = 64;
constexpr int64_t kLongestTrialInterval = 1024;
constexpr int64_t kTrialDrafts = 2;  // the second shows what a token costs when nothing is to be caught up

}  // namespace

Speculation::Speculation(const SpeculationOptions& options) : options_(options), costs_(options.most_rows) {
  CHECK(options.most_drafts >= 1 && options.n_valid_ids >= 1);
}

void Speculation::propose(std::span<const PlannedRows> plan) {
  CHECK(std::ssize(plan) <= options_.most_rows);
  look_up(plan);
  // What drafts are worth is seen against a step without; two of them are all it takes.
  if (!options_.always && !costs_.is_known(std::ssize(plan))) return drop_drafts();
  const Expected expected = choose_lookups();
  if (options_.drafter != nullptr) ask_drafter(expected);
}

// Fills candidates_ and their drafts with all that the sequences' own past suggests.
void Speculation::look_up(std::span<const PlannedRows> plan) {
  candidates_.clear();
  probabilities_.resize(std::max(probabilities_.size(), plan.size()));
  int64_t n_readable = kReadPerStep;
  for (const PlannedRows& planned : plan) {
    Sequence& sequence = *planned.sequence;
    Drafting& drafting = sequence.drafting;
    drafting.by_drafter = false;
    const int64_t n_unread = std::min(n_readable, sequence.n_tokens() - drafting.suffixes.n_read());
    drafting.suffixes.read(sequence.tokens, sequence.n_prompt, n_unread);
    n_readable -= n_unread;
    const int64_t most = std::min(options_.most_drafts, sequence.n_limit - 1 - sequence.n_tokens());
    drafting.suffixes.draft(sequence.tokens, most, drafting.drafts, probabilities_[candidates_.size()]);
    candidates_.push_back({.sequence = &sequence, .most = most});
  }
}

void Speculation::drop_drafts() {
  for (const Candidate& candidate : candidates_) candidate.sequence->drafting.drafts.clear();
}

// Takes drafts one by one, each time the likeliest, and goes back to where tokens per second were highest.
Speculation::Expected Speculation::choose_lookups() {
  const auto n_sequences = std::ssize(candidates_);
  Expected best{.n_rows = n_sequences, .n_tokens = static_cast<double>(n_sequences)};
  double best_rate = kLeastGain * best.n_tokens / costs_.seconds(n_sequences);
  n_kept_.assign(candidates_.size(), 0);
  Expected taken = best;
  while (++taken.n_rows <= options_.most_rows) {
    double chance = 0;
    const size_t i = likeliest_next(chance);
    if (chance == 0) break;
    candidates_[i].chance = chance;
    ++candidates_[i].n_taken;
    taken.n_tokens += chance;
    const double rate = taken.n_tokens / costs_.seconds(taken.n_rows);
    if (rate <= best_rate && !options_.always) continue;
    best_rate = rate;
    best = taken;
    for (size_t c = 0; c < candidates_.size(); ++c) n_kept_[c] = candidates_[c].n_taken;
  }
  for (size_t c = 0; c < candidates_.size(); ++c)
    candidates_[c].sequence->drafting.drafts.resize(static_cast<size_t>(n_kept_[c]));
  return best;
}

// The candidate whose next draft is most likely needed; `chance` stays 0 if none has any left.
size_t Speculation::likeliest_next(double& chance) const {
  size_t likeliest = 0;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& c = candidates_[i];
    if (c.n_taken == std::ssize(c.sequence->drafting.drafts)) continue;
    const double next = c.chance * probabilities_[i][static_cast<size_t>(c.n_taken)];
    if (next > chance) {
      chance = next;
      likeliest = i;
    }
  }
  return likeliest;
}

void Speculation::ask_drafter(const Expected& without) {
  asked_.clear();
  for (Candidate& candidate : candidates_)
    if (candidate.sequence->drafting.drafts.empty() && candidate.most > 0) asked_.push_back(&candidate);
  if (asked_.empty()) return;
  int64_t length = has_tried_drafter_ || options_.always ? best_draft_length(without) : 0;
  if (length > 0) {
    trial_interval_ = 0;
    steps_to_trial_ = kFirstTrialInterval;
  } else {
    if (!is_time_for_trial()) return;
    length = std::min(kTrialDrafts, options_.most_drafts);
    has_tried_drafter_ = true;
  }
  wanted_.clear();
  for (const Candidate* candidate : asked_) {
    Sequence& sequence = *candidate->sequence;
    sequence.drafting.by_drafter = true;
    wanted_.push_back({.id = sequence.id,
                       .salt = sequence.salt,
                       .tokens = sequence.tokens,
                       .drafts = &sequence.drafting.drafts});
  }
  options_.drafter->draft(wanted_, length);
  for (Candidate* candidate : asked_) keep_usable(*candidate);
}

// Drafts for each of asked_ that bring the most tokens per second; 0: none do.
int64_t Speculation::best_draft_length(const Expected& without) const {
  int64_t best = 0;
  double best_rate = kLeastGain * without.n_tokens / costs_.seconds(without.n_rows);
  Expected with = without;
  for (int64_t length = 1; length <= options_.most_drafts; ++length) {
    with.n_rows += std::ssize(asked_);
    if (with.n_rows > options_.most_rows) break;
    for (const Candidate* c : asked_)
      with.n_tokens +=
          std::pow(c->sequence->drafting.drafter_acceptance.probability(), static_cast<double>(length));
    const double seconds =
        costs_.seconds(with.n_rows) + static_cast<double>(length) * options_.drafter->seconds_per_token();
    if (const double rate = with.n_tokens / seconds; rate > best_rate || options_.always) {
      best_rate = rate;
      best = length;
    }
  }
  return best;
}

bool Speculation::is_time_for_trial() {
  if (--steps_to_trial_ > 0) return false;
  trial_interval_ = std::clamp(2 * trial_interval_, kFirstTrialInterval, kLongestTrialInterval);
  steps_to_trial_ = trial_interval_;
  return true;
}

// What comes from elsewhere may be anything.
void Speculation::keep_usable(Candidate& candidate) const {
  std::vector<TokenId>& drafts = candidate.sequence->drafting.drafts;
  const auto is_invalid = [&](TokenId id) { return id < 0 || id >= options_.n_valid_ids; };
  drafts.erase(std::ranges::find_if(drafts, is_invalid), drafts.end());
  if (std::ssize(drafts) > candidate.most) drafts.resize(static_cast<size_t>(candidate.most));
}

void Speculation::learn(int64_t n_rows, double seconds) {
  costs_.learn(n_rows, seconds);
}

void Speculation::judge(Sequence& sequence, int64_t n_drafted, int64_t n_right) {
  if (!sequence.drafting.by_drafter) return;
  for (int64_t i = 0; i < n_right; ++i) sequence.drafting.drafter_acceptance.count(true);
  if (n_right < n_drafted) sequence.drafting.drafter_acceptance.count(false);
}

void Speculation::forget(RequestId id) {
  if (options_.drafter != nullptr) options_.drafter->forget(id);
}

}  // namespace engine
