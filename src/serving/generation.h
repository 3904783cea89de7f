#pragma once
// One inference from a prompt to its end: tokens become text, thoughts are set apart, stop strings are
// obeyed.
//
//   engine's thread:  token -> detokenizer -> reasoning parser -> stop search -> Event -> EventSink
//
// Stop strings are searched in the answer, not in the thoughts. Text that may yet turn out to be the
// beginning of a stop string is held back, and given out at the end if it was none. Nothing of a stop string
// ever leaves.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "serving/prompt.h"
#include "serving/served_model.h"

namespace serving {

// The answer ends when its last tokens are one pattern over and over: `min_count` times (2 at least) one of
// min_size to max_size tokens. max_size 0: off.
struct RepetitionStop {
  int64_t min_size = 1, max_size = 0, min_count = 2;
};

struct GenerationOptions {
  SamplingChoices sampling;
  uint64_t seed = 0;              // choice i of n has seed + i
  int64_t max_tokens = -1;        // -1: until the context is full
  int64_t min_tokens = 0;         // no stop id comes and no stop string is looked for until so many are there
  std::vector<std::string> stop;  // none empty
  std::vector<TokenId> stop_ids;  // beside the model's own
  bool ignore_stop_ids = false;   // the model's own; those above still count
  bool include_stop_string = false;  // the stop string that ends the answer is part of it
  RepetitionStop repetition_stop;
  // From the first token on, once the answer has a line break: llama-server's t_max_predict_ms. 0: no limit.
  int64_t max_predict_ms = 0;

  std::vector<sampling::LogitBias> logit_bias;
  std::vector<TokenId> allowed_ids;  // empty: all
  std::vector<TokenId> banned_ids;
  std::vector<std::string> bad_words;  // at the beginning of a word or within it

  int n_top_logprobs = -1;               // -1: no log-probabilities; 0: of the chosen tokens only
  bool logprobs_after_sampling = false;  // of what the samplers left, not of the model's raw distribution
  int n_prompt_logprobs = -1;            // the same for the prompt's tokens, always raw

  bool skip_special_tokens = true;  // they have no text
  bool split_reasoning = false;     // <think> text goes to Event::reasoning (chat)
  int priority = 0;                 // engine::Request::priority
  std::string cache_salt;
};

struct AlternativeLogprob {
  TokenId id;
  std::string bytes;  // may be half a character
  float logprob;
};

struct TokenLogprob {
  TokenId id;
  std::string bytes;
  float logprob;
  std::vector<AlternativeLogprob> top;
};

// What became certain with one token, or with several. Text is whole characters; any part may be empty.
struct Event {
  std::string reasoning;
  std::string content;
  std::vector<TokenId>
      ids;  // of the tokens generated since the last event, the one that ended the answer too
  std::vector<TokenLogprob> logprobs;  // of the tokens of `content`
  // Of the prompt's tokens from the second on (nothing says how likely the first is), in order, before
  // anything of the answer.
  std::vector<TokenLogprob> prompt_logprobs;
};

// What FinishReason::stop and length leave open.
enum class EndedBy { nothing, stop_id, stop_string, repetition, max_tokens, time_limit };

struct Outcome {
  engine::FinishReason reason = engine::FinishReason::stop;
  EndedBy ended_by = EndedBy::nothing;     // `nothing` when cancelled or failed
  std::optional<std::string> stop_string;  // the one that ended the answer
  std::optional<TokenId> stop_id;
  int64_t reasoning_tokens = 0;
  engine::Timings timings;
  std::optional<base::Error> error;  // set if reason is FinishReason::error
};

// Hears what becomes of a generation: on the engine's thread, so it must not block. on_finish is the last
// call.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(Event event) = 0;
  virtual void on_prefill(int64_t done, int64_t total) { (void)done, (void)total; }
  virtual void on_finish(Outcome outcome) = 0;
};

// A generation under way. Letting go of it cancels what still runs.
class Generation {
 public:
  Generation(engine::Engine& engine, engine::RequestId id) : engine_(&engine), id_(id) {}
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  ~Generation() { cancel(); }

  // The sink hears on_finish soon, with FinishReason::cancelled unless the end came first. Any thread, any
  // number of times.
  void cancel() { engine_->cancel(id_); }

 private:
  engine::Engine* engine_;
  engine::RequestId id_;
};

// Code::invalid_argument, or Code::exhausted if the prompt does not fit the context (names both numbers), or
// Code::unavailable if the queue is full.
base::Result<std::unique_ptr<Generation>> start_generation(const ServedModel& model, Prompt prompt,
                                                           const GenerationOptions& options,
                                                           std::shared_ptr<EventSink> sink);

// The same from beginning to end on the calling thread, for programs without a server. Returns within about
// 200 ms of being cancelled, with empty timings if the engine's step was not over by then.
struct Callbacks {
  std::function<void(const Event&)> on_event;                   // may be empty
  std::function<void(int64_t done, int64_t total)> on_prefill;  // may be empty
  const std::atomic<bool>* cancelled = nullptr;  // looked at a few times a second, and at each event
};
base::Result<Outcome> generate(const ServedModel& model, Prompt prompt, const GenerationOptions& options,
                               const Callbacks& callbacks);

// "stop", "length", "cancelled", "error".
const char* finish_reason_name(engine::FinishReason reason);

}  // namespace serving
