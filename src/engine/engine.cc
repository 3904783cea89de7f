#include "engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/strings.h"
#include "engine/runner.h"
#include "engine/scheduler.h"
#include "engine/speculation.h"

namespace engine {

namespace {

using Clock = Sequence::Clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

base::Status check_prompt(std::span<const TokenId> ids, int64_t n_valid) {
  for (const TokenId id : ids)
    if (id < 0 || id >= n_valid)
      return base::fail(base::Code::invalid_argument,
                        base::cat("the prompt has token id ", id, ", the model knows 0 to ", n_valid - 1));
  return {};
}

class EngineLoop final : public Engine {
 public:
  EngineLoop(const EngineOptions& options, int64_t n_valid_ids, std::unique_ptr<Runner> runner)
      : options_(options),
        n_valid_ids_(n_valid_ids),
        runner_(std::move(runner)),
        cache_({.n_pages = options.n_pages, .reuse = options.prefix_cache},
               [this](auto from, auto to, int n_tokens) { runner_->copy_page(from, to, n_tokens); }),
        scheduler_(scheduler_options(options), cache_) {
    if (options.draft_tokens > 0)
      speculation_ = std::make_unique<Speculation>(
          SpeculationOptions{.most_drafts = options.draft_tokens,
                             .most_rows = Scheduler::max_logit_rows(scheduler_options(options)),
                             .n_valid_ids = n_valid_ids,
                             .always = options.always_draft,
                             .drafter = options.drafter.get()});
    publish_stats();
    thread_ = std::thread([this] { run(); });
  }
  ~EngineLoop() override;

  static SchedulerOptions scheduler_options(const EngineOptions& options) {
    return {.max_sequences = options.max_sequences,
            .chunk_tokens = options.chunk_tokens,
            .token_gap_seconds = options.token_gap_seconds,
            .draft_rows = options.draft_tokens > 0 ? kMostDraftRows : 0};
  }

  base::Result<RequestId> submit(Request request) override;
  void cancel(RequestId id) override;
  void drain(double seconds) override;
  EngineStats stats() const override;
  int64_t context_tokens() const override { return options_.context_tokens; }

 private:
  base::Status check(const Request& request) const;

  // All below run on the loop's thread.
  void run();
  bool wait_for_mail();
  void take_mail();
  void step();
  std::span<const PlannedRows> plan_step();
  void complete_step(std::span<const PlannedRows> plan, double seconds);
  void deliver_step(std::span<const PlannedRows> plan);
  void report_prefill(Sequence& sequence);
  void deliver_tokens(const PlannedRows& planned, int64_t logits_index);
  bool appraise_prompt(const PlannedRows& planned, int64_t logits_index);
  bool deliver_token(Sequence& sequence, int64_t logits_index);
  base::Error explained(base::Error error, int64_t logits_index);
  void finish(RequestId id, FinishReason reason, const base::Error* error = nullptr);
  void fail_step(const char* what);
  void publish_stats();

  const EngineOptions options_;
  const int64_t n_valid_ids_;
  const std::unique_ptr<Runner> runner_;
  kv_cache::KvCache cache_;
  Scheduler scheduler_;
  std::unique_ptr<Speculation> speculation_;  // null: off
  EngineStats counters_;                      // the running totals; the loop's own
  std::vector<RequestId> in_step_;            // whose rows are being computed

  mutable std::mutex mutex_;  // guards everything below but the thread
  std::condition_variable mail_came_;
  std::condition_variable request_ended_;
  std::vector<std::unique_ptr<Sequence>> arrived_;
  std::vector<RequestId> cancelled_;
  uint64_t next_id_ = 1;
  int64_t n_unfinished_ = 0;
  bool is_draining_ = false;
  bool is_stopping_ = false;
  EngineStats stats_;

  std::thread thread_;
};

EngineLoop::~EngineLoop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  mail_came_.notify_one();
  thread_.join();
}

base::Status EngineLoop::check(const Request& request) const {
  if (request.prompt.empty()) return base::fail(base::Code::invalid_argument, "the prompt is empty");
  TRY(check_prompt(request.prompt, n_valid_ids_));
  TRY(sampling::validate(request.sampling, n_valid_ids_));
  if (request.max_tokens < -1 || request.max_tokens == 0)
    return base::fail(base::Code::invalid_argument,
                      base::cat("max_tokens is ", request.max_tokens, "; it must be at least 1"));
  const auto n_prompt = static_cast<int64_t>(request.prompt.size());
  if (n_prompt >= options_.context_tokens)
    return base::fail(
        base::Code::exhausted,
        base::cat("the prompt has ", n_prompt, " tokens, which leaves no room for an answer in a context of ",
                  options_.context_tokens));
  return {};
}

base::Result<RequestId> EngineLoop::submit(Request request) {
  CHECK(request.sink != nullptr);
  TRY(check(request));
  auto sequence = std::make_unique<Sequence>();
  sequence->n_prompt = static_cast<int64_t>(request.prompt.size());
  sequence->n_limit = options_.context_tokens;
  if (request.max_tokens >= 0 && request.max_tokens < options_.context_tokens - sequence->n_prompt)
    sequence->n_limit = sequence->n_prompt + request.max_tokens;
  sequence->tokens = std::move(request.prompt);
  sequence->priority = request.priority;
  sequence->salt = std::move(request.cache_salt);
  if (!request.ignore_stop_ids) sequence->stop_ids = std::move(request.stop_ids);
  request.sampling.end_ids = sequence->stop_ids;
  sequence->sampler = sampling::Sampler(request.sampling);
  sequence->report = {.n_top = request.n_top_logprobs, .after_sampling = request.logprobs_after_sampling};
  sequence->n_prompt_logprobs = request.n_prompt_logprobs;
  sequence->sink = std::move(request.sink);
  sequence->submitted = Clock::now();

  const std::lock_guard lock(mutex_);
  if (is_draining_ || is_stopping_) return base::fail(base::Code::unavailable, "the engine is shutting down");
  if (n_unfinished_ >= options_.max_sequences + options_.max_queued)
    return base::fail(base::Code::unavailable,
                      base::cat("the queue is full: ", n_unfinished_, " requests are waiting or running"));
  sequence->id = RequestId{next_id_++};
  const RequestId id = sequence->id;
  arrived_.push_back(std::move(sequence));
  ++n_unfinished_;
  mail_came_.notify_one();
  return id;
}

void EngineLoop::cancel(RequestId id) {
  const std::lock_guard lock(mutex_);
  cancelled_.push_back(id);
  mail_came_.notify_one();
}

void EngineLoop::drain(double seconds) {
  std::unique_lock lock(mutex_);
  is_draining_ = true;
  request_ended_.wait_for(lock, std::chrono::duration<double>(seconds),
                          [this] { return n_unfinished_ == 0; });
}

EngineStats EngineLoop::stats() const {
  const std::lock_guard lock(mutex_);
  EngineStats stats = stats_;
  stats.waiting += static_cast<int64_t>(arrived_.size());
  return stats;
}

void EngineLoop::run() {
  while (wait_for_mail()) {
    take_mail();
    step();
  }
  take_mail();
  std::vector<RequestId> left;
  for (const auto& sequence : scheduler_.running()) left.push_back(sequence->id);
  for (const auto& sequence : scheduler_.waiting()) left.push_back(sequence->id);
  for (const RequestId id : left) finish(id, FinishReason::cancelled);
}

// False: the engine is to end. Returns at once while there is work.
bool EngineLoop::wait_for_mail() {
  if (scheduler_.is_idle()) {
    scheduler_.check_integrity();
    std::unique_lock lock(mutex_);
    mail_came_.wait(lock, [this] { return is_stopping_ || !arrived_.empty() || !cancelled_.empty(); });
  }
  const std::lock_guard lock(mutex_);
  return !is_stopping_;
}

void EngineLoop::take_mail() {
  std::vector<std::unique_ptr<Sequence>> arrived;
  std::vector<RequestId> cancelled;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
    cancelled.swap(cancelled_);
    stats_.waiting += static_cast<int64_t>(arrived.size());
  }
  for (auto& sequence : arrived) scheduler_.add(std::move(sequence));
  for (const RequestId id : cancelled) finish(id, FinishReason::cancelled);
}

void EngineLoop::step() {
  if (scheduler_.is_idle()) return;
  in_step_.clear();
  // What a step may meet is a want of memory; its requests end with an error, and the loop goes on.
  try {
    const std::span<const PlannedRows> plan = plan_step();
    const Clock::time_point begin = Clock::now();
    for (const PlannedRows& planned : plan) {
      Sequence& sequence = *planned.sequence;
      in_step_.push_back(sequence.id);
      if (sequence.has_started) continue;
      sequence.has_started = true;
      sequence.started = begin;
      counters_.prompt_tokens += sequence.n_prompt;
      counters_.cached_prompt_tokens += sequence.n_cached_prompt;
    }
    runner_->forward(plan);
    complete_step(plan, seconds_between(begin, Clock::now()));
    deliver_step(plan);
  } catch (const std::bad_alloc&) {
    fail_step("there was no memory left for this step");
  } catch (const std::exception& exception) {
    fail_step(exception.what());
  }
  publish_stats();
}

std::span<const PlannedRows> EngineLoop::plan_step() {
  const std::span<const PlannedRows> plan = scheduler_.next_step();
  if (speculation_ == nullptr || !scheduler_.only_decodes()) return plan;
  speculation_->propose(plan);
  return scheduler_.add_drafts();
}

void EngineLoop::complete_step(std::span<const PlannedRows> plan, double seconds) {
  scheduler_.complete_step(seconds);
  if (speculation_ == nullptr || !scheduler_.only_decodes()) return;
  int64_t n_rows = 0;
  for (const PlannedRows& planned : plan) n_rows += planned.n_rows;
  speculation_->learn(n_rows, seconds);
}

void EngineLoop::deliver_step(std::span<const PlannedRows> plan) {
  ++counters_.steps;
  int64_t n_logits = 0;
  for (const PlannedRows& planned : plan) {
    Sequence& sequence = *planned.sequence;
    counters_.tokens_computed += planned.n_rows;
    const RequestId id = sequence.id;
    const int64_t logits_index = n_logits;
    n_logits += planned.n_logits();
    try {
      report_prefill(sequence);
      if (planned.n_prompt_logits > 0 && !appraise_prompt(planned, logits_index)) continue;
      if (planned.wants_logits) deliver_tokens(planned, logits_index + planned.n_prompt_logits);
    } catch (const std::exception& exception) {  // of the sampler or the sink: this request's own misfortune
      const base::Error error{base::Code::internal, exception.what()};
      finish(id, FinishReason::error, &error);
    }
  }
}

// After a preemption a prompt is read again from where its pages are lost; its progress stands still until it
// is past what was reported.
void EngineLoop::report_prefill(Sequence& sequence) {
  if (sequence.n_generated() > 0 || sequence.cache.n_stored <= sequence.n_reported) return;
  sequence.n_reported = sequence.cache.n_stored;
  sequence.sink->on_prefill(sequence.n_reported, sequence.n_prompt);
}

// What the model thought of the prompt's tokens. False: the sequence has ended and is gone.
bool EngineLoop::appraise_prompt(const PlannedRows& planned, int64_t logits_index) {
  Sequence& sequence = *planned.sequence;
  std::vector<sampling::Sampled> tokens;
  for (int64_t i = 0; i < planned.n_prompt_logits; ++i) {
    const auto logits = runner_->logits(logits_index + i).first(static_cast<size_t>(n_valid_ids_));
    const TokenId next = sequence.tokens[static_cast<size_t>(sequence.n_prompt_scored + 1 + i)];
    auto appraised = sampling::appraise(logits, next, sequence.n_prompt_logprobs);
    if (!appraised) {
      const base::Error error = explained(appraised.error(), logits_index + i);
      finish(sequence.id, FinishReason::error, &error);
      return false;
    }
    tokens.push_back(std::move(*appraised));
  }
  sequence.n_prompt_scored += planned.n_prompt_logits;
  sequence.sink->on_prompt_logprobs(tokens);
  return true;
}

// Samples the token that follows, then, as long as it is the one that was drafted, the next: what plain
// decoding would have computed one by one is in the rows already. The first token that differs makes all rows
// after it worthless; what they stored is behind n_stored and is written over by the next step.
void EngineLoop::deliver_tokens(const PlannedRows& planned, int64_t logits_index) {
  Sequence& sequence = *planned.sequence;
  sequence.drafting.n_drafted += planned.n_drafts;
  counters_.drafted_tokens += planned.n_drafts;
  int64_t n_right = 0;
  while (deliver_token(sequence, logits_index + n_right)) {
    if (n_right == planned.n_drafts ||
        sequence.tokens.back() != sequence.drafting.drafts[static_cast<size_t>(n_right)]) {
      if (speculation_ != nullptr) speculation_->judge(sequence, planned.n_drafts, n_right);
      return;
    }
    ++n_right;
    Scheduler::accept_draft(sequence);
    ++sequence.drafting.n_accepted;
    ++counters_.accepted_tokens;
  }
}

// False: the sequence has ended and is gone.
bool EngineLoop::deliver_token(Sequence& sequence, int64_t logits_index) {
  const auto logits = runner_->logits(logits_index).first(static_cast<size_t>(n_valid_ids_));
  const auto sampled = sequence.sampler.sample(logits, {sequence.tokens, sequence.n_prompt}, sequence.report);
  if (!sampled) {
    const base::Error error = explained(sampled.error(), logits_index);
    finish(sequence.id, FinishReason::error, &error);
    return false;
  }
  if (sequence.n_generated() == 0) sequence.answered = Clock::now();
  sequence.tokens.push_back(sampled->id);
  ++counters_.tokens_generated;
  const bool goes_on = sequence.sink->on_token(*sampled);
  const bool is_stop = std::ranges::find(sequence.stop_ids, sampled->id) != sequence.stop_ids.end();
  const bool is_full = sequence.n_tokens() >= sequence.n_limit;
  if (goes_on && !is_stop && !is_full) return true;
  finish(sequence.id, goes_on && !is_stop ? FinishReason::length : FinishReason::stop);
  return false;
}

// Which part of the model is to blame for logits that cannot be sampled from.
base::Error EngineLoop::explained(base::Error error, int64_t logits_index) {
  if (error.code != base::Code::internal) return error;
  const std::string place = runner_->find_non_finite(logits_index);
  if (!place.empty()) error.message += base::cat("; the first value that is not finite comes from ", place);
  return error;
}

void EngineLoop::finish(RequestId id, FinishReason reason, const base::Error* error) {
  // What an answer that went wrong has stored may be wrong too.
  const std::unique_ptr<Sequence> sequence =
      scheduler_.remove(id, /*keep_prefix=*/reason != FinishReason::error);
  if (sequence == nullptr) return;
  if (speculation_ != nullptr) speculation_->forget(id);
  const Clock::time_point now = Clock::now();
  Timings timings;
  timings.prompt_tokens = sequence->n_prompt;
  timings.cached_prompt_tokens = std::max<int64_t>(sequence->n_cached_prompt, 0);
  timings.generated_tokens = sequence->n_generated();
  timings.drafted_tokens = sequence->drafting.n_drafted;
  timings.accepted_tokens = sequence->drafting.n_accepted;
  const bool has_answered = sequence->n_generated() > 0;
  timings.queued_seconds =
      seconds_between(sequence->submitted, sequence->has_started ? sequence->started : now);
  if (sequence->has_started)
    timings.prefill_seconds = seconds_between(sequence->started, has_answered ? sequence->answered : now);
  if (has_answered) timings.decode_seconds = seconds_between(sequence->answered, now);
  publish_stats();
  sequence->sink->on_finish(reason, timings, error);
  const std::lock_guard lock(mutex_);
  if (--n_unfinished_ == 0) request_ended_.notify_all();
}

void EngineLoop::fail_step(const char* what) {
  const base::Error error{base::Code::exhausted, what};
  // A step that failed while it was planned has no rows yet: then it is one of those that run.
  if (in_step_.empty())
    for (const auto& sequence : scheduler_.running()) in_step_.push_back(sequence->id);
  for (const RequestId id : in_step_) finish(id, FinishReason::error, &error);
}

void EngineLoop::publish_stats() {
  EngineStats now = counters_;
  now.running = static_cast<int64_t>(scheduler_.running().size());
  now.waiting = static_cast<int64_t>(scheduler_.waiting().size());
  now.pages_total = cache_.n_pages();
  now.pages_free = cache_.n_free();
  now.pages_cached = cache_.n_idle();
  now.preempted = scheduler_.n_preempted();
  now.evicted_pages = cache_.n_evicted();
  const std::lock_guard lock(mutex_);
  stats_ = now;
}

}  // namespace

base::Result<std::unique_ptr<Engine>> Engine::start(models::Model& model, const EngineOptions& given) {
  EngineOptions options = given;
  if (options.context_tokens == 0) options.context_tokens = model.config().context_length;
  if (options.n_pages == 0) options.n_pages = kv_cache::pages_for(options.context_tokens);
  if (options.max_sequences < 1 || options.max_queued < 0 || options.chunk_tokens < 1 ||
      options.context_tokens < 2)
    return base::fail(
        base::Code::invalid_argument,
        "an engine needs at least one sequence, one prompt token per step and a context of two tokens");
  if (options.n_pages < kv_cache::pages_for(options.context_tokens))
    return base::fail(base::Code::invalid_argument,
                      base::cat("a context of ", options.context_tokens, " tokens needs ",
                                kv_cache::pages_for(options.context_tokens),
                                " pages of KV memory, there are ", options.n_pages));
  if (options.draft_tokens < 0 || options.draft_tokens > kMostDraftTokens)
    return base::fail(base::Code::invalid_argument, base::cat("a sequence may have 0 to ", kMostDraftTokens,
                                                              " drafts, not ", options.draft_tokens));
  const int64_t vocab_size = model.config().vocab_size;
  const int64_t n_valid_ids =
      options.n_valid_ids == 0 ? vocab_size : std::min(options.n_valid_ids, vocab_size);
  const SchedulerOptions scheduling = EngineLoop::scheduler_options(options);
  auto runner = TRY(Runner::make(model, options.kv_type, options.n_pages, Scheduler::max_rows(scheduling),
                                 options.max_sequences, Scheduler::max_logit_rows(scheduling)));
  return std::make_unique<EngineLoop>(options, n_valid_ids, std::move(runner));
}

}  // namespace engine
