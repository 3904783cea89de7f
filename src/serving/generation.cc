#include "serving/generation.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "base/strings.h"
#include "serving/answer_end.h"
#include "serving/answer_text.h"
#include "serving/event_mailbox.h"
#include "serving/token_sequences.h"

namespace serving {
namespace {

// How long a cancelled generation is waited for, so that its end can be told as it was.
constexpr std::chrono::milliseconds kCancelPatience{50};

using engine::FinishReason;

std::vector<TokenId> stop_ids(const ServedModel& model, const GenerationOptions& options) {
  std::vector<TokenId> out = options.stop_ids;
  if (!options.ignore_stop_ids) out.insert(out.end(), model.stop_ids.begin(), model.stop_ids.end());
  return out;
}

// The engine's side of one generation.
class TokenSink : public engine::RequestSink {
 public:
  TokenSink(const ServedModel& model, const Prompt& prompt, const GenerationOptions& options,
            std::shared_ptr<EventSink> sink)
      : answers_(prompt.encoded.empty() ? nullptr : model.answers),
        said_(prompt.encoded.empty() ? AnswerMemory::Said{}
                                     : AnswerMemory::Said{.salt = prompt.cache_salt,
                                                          .prompt = prompt.encoded,
                                                          .answer = {},
                                                          .ids = prompt.ids}),
        text_(model.tokenizer, options, prompt.starts_in_thinking),
        end_(options, stop_ids(model, options)),
        sink_(std::move(sink)) {}

  bool on_token(const sampling::Sampled& token) override {
    try {
      Event event;
      event.ids.push_back(token.id);
      const bool is_stop_id = end_.is_stop_id(token.id);
      if (is_stop_id) stop_id_ = token.id;
      if (!is_stop_id) text_.push(token, event);
      if (!is_stop_id && answers_) said_.ids.push_back(token.id);
      note_text(event);
      ended_by_ = end_.after(token.id, text_.has_line_break());
      if (text_.stop_string()) ended_by_ = EndedBy::stop_string;
      sink_->on_event(std::move(event));
      return ended_by_ == EndedBy::nothing;
    } catch (const std::exception&) {
      failed_ = true;  // out of memory: this answer ends, the others go on
      return false;
    }
  }

  void on_prefill(int64_t done, int64_t total) override { sink_->on_prefill(done, total); }

  void on_prompt_logprobs(std::span<const sampling::Sampled> tokens) override {
    Event event;
    for (const sampling::Sampled& token : tokens) event.prompt_logprobs.push_back(text_.describe(token));
    sink_->on_event(std::move(event));
  }

  void on_finish(FinishReason reason, const engine::Timings& timings, const base::Error* error) override {
    Outcome outcome{.reason = reason, .timings = timings};
    if (error) outcome.error = *error;
    if (failed_) {
      outcome.reason = FinishReason::error;
      outcome.error = base::Error{base::Code::exhausted, "not enough memory to go on with this answer"};
    }
    if (outcome.reason == FinishReason::stop || outcome.reason == FinishReason::length) give_out_the_rest();
    describe_end(outcome);
    remember(outcome);
    sink_->on_finish(std::move(outcome));
  }

 private:
  void give_out_the_rest() {
    Event event;
    text_.finish(event);
    if (text_.stop_string()) ended_by_ = EndedBy::stop_string;
    note_text(event);
    sink_->on_event(std::move(event));
  }

  void note_text(const Event& event) {
    if (!answers_) return;
    if (!event.reasoning.empty() || text_.stop_string())
      answers_ = nullptr;  // the text is not all that was said
    if (answers_) said_.answer += event.content;
  }

  // Cut answers too: the client sends back what it got.
  void remember(const Outcome& outcome) {
    if (answers_ && !outcome.error && text_.reasoning_tokens() == 0) answers_->remember(std::move(said_));
  }

  void describe_end(Outcome& outcome) const {
    outcome.reasoning_tokens = text_.reasoning_tokens();
    outcome.stop_string = text_.stop_string();
    if (outcome.reason == FinishReason::stop) {
      outcome.ended_by = ended_by_;
      if (ended_by_ == EndedBy::stop_id) outcome.stop_id = stop_id_;
      if (ended_by_ == EndedBy::time_limit) outcome.reason = FinishReason::length;
    } else if (outcome.reason == FinishReason::length) {
      outcome.ended_by = EndedBy::max_tokens;
    }
  }

  std::shared_ptr<AnswerMemory> answers_;  // null: this answer is not to be remembered
  AnswerMemory::Said said_;                // so far
  AnswerText text_;
  AnswerEnd end_;
  EndedBy ended_by_ = EndedBy::nothing;
  TokenId stop_id_ = 0;
  std::shared_ptr<EventSink> sink_;
  bool failed_ = false;
};

// What the model's engine is to know of the options; text becomes ids.
base::Result<sampling::Parameters> parameters(const ServedModel& model, const GenerationOptions& options) {
  sampling::Parameters out = TRY(sampling_parameters(options.sampling, model.defaults));
  out.seed = options.seed;
  out.logit_bias = options.logit_bias;
  out.allowed_ids = options.allowed_ids;
  out.banned_ids = options.banned_ids;
  out.min_tokens = options.min_tokens;
  if (model.tokenizer == nullptr) return out;
  out.bad_words = TRY(bad_word_sequences(*model.tokenizer, options.bad_words));
  if (out.dry.multiplier > 0) {
    const auto& asked =
        options.sampling.dry_breakers ? options.sampling.dry_breakers : model.defaults.dry_breakers;
    out.dry.breakers = breaker_sequences(*model.tokenizer, asked ? *asked : default_breakers());
  }
  return out;
}

base::Status check_fits(const Prompt& prompt, int64_t context_tokens) {
  const auto n = static_cast<int64_t>(prompt.ids.size());
  if (n < context_tokens) return {};
  return base::fail(base::Code::exhausted,
                    base::cat("this model's context holds ", context_tokens,
                              " tokens, and the prompt alone has ", n, ": shorten it"));
}

// Wakes the thread that waits for a generation.
class Bell {
 public:
  void ring() {
    std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  // A signal handler can set a flag but ring no bell, hence the return after 100 ms at the latest.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

}  // namespace

base::Result<std::unique_ptr<Generation>> start_generation(const ServedModel& model, Prompt prompt,
                                                           const GenerationOptions& asked,
                                                           std::shared_ptr<EventSink> sink) {
  GenerationOptions options = asked;
  if (options.stop.empty()) options.stop = model.presets.stop;
  if (options.max_tokens < 0) options.max_tokens = model.presets.max_tokens.value_or(-1);
  TRY(check_fits(prompt, model.engine->context_tokens()));
  engine::Request request;
  request.sampling = TRY(parameters(model, options));
  request.stop_ids = stop_ids(model, options);
  request.max_tokens = options.max_tokens;
  request.n_top_logprobs = options.n_top_logprobs;
  request.logprobs_after_sampling = options.logprobs_after_sampling;
  request.n_prompt_logprobs = options.n_prompt_logprobs;
  request.priority = options.priority;
  request.cache_salt = options.cache_salt;
  request.sink = std::make_shared<TokenSink>(model, prompt, options, std::move(sink));
  request.prompt = std::move(prompt.ids);
  const engine::RequestId id = TRY(model.engine->submit(std::move(request)));
  return std::make_unique<Generation>(*model.engine, id);
}

base::Result<Outcome> generate(const ServedModel& model, Prompt prompt, const GenerationOptions& options,
                               const Callbacks& callbacks) {
  auto bell = std::make_shared<Bell>();  // shared: the engine's thread may ring it after we have returned
  auto mailbox = std::make_shared<EventMailbox>([bell] { bell->ring(); });
  auto generation = TRY(start_generation(model, std::move(prompt), options, mailbox));
  int64_t prefill_seen = 0;
  std::optional<std::chrono::steady_clock::time_point> cancelled_at;
  while (true) {
    bell->wait();
    if (callbacks.cancelled && callbacks.cancelled->load(std::memory_order_relaxed)) {
      generation->cancel();
      const auto now = std::chrono::steady_clock::now();
      if (!cancelled_at) cancelled_at = now;
      // The step under way may take seconds; the engine drops the request after it without us.
      if (now - *cancelled_at > kCancelPatience) return Outcome{.reason = FinishReason::cancelled};
    }
    EventMailbox::Contents news = mailbox->take();
    if (callbacks.on_prefill && news.prefill_done != prefill_seen)
      callbacks.on_prefill(prefill_seen = news.prefill_done, news.prefill_total);
    const bool has_event = news.has_text || !news.event.ids.empty();
    if (callbacks.on_event && has_event) callbacks.on_event(news.event);
    if (news.outcome) return std::move(*news.outcome);
  }
}

const char* finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::cancelled:
      return "cancelled";
    case FinishReason::error:
      return "error";
  }
  return "error";
}

}  // namespace serving
