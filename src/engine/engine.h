#pragma once
// Runs many sequences through one model: one loop, one step at a time, every running sequence in each step.
//
// submit() and cancel() may be called from any thread. The loop runs on a thread of the engine's own; a
// request's sink is called on that thread and must not block; it may call submit() and cancel(). Tokens of a
// request do not depend on what else runs (docs/numerics.md). While there is nothing to do the loop sleeps
// and uses no processor time.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/model.h"
#include "sampling/sampler.h"

namespace engine {

using TokenId = int32_t;

enum class FinishReason { stop, length, cancelled, error };

struct Timings {
  double queued_seconds = 0;   // submit to first step
  double prefill_seconds = 0;  // first step to first token
  double decode_seconds = 0;   // first token to last
  int64_t prompt_tokens = 0;
  int64_t cached_prompt_tokens = 0;  // of these, found in the prefix cache
  int64_t generated_tokens = 0;
  int64_t drafted_tokens = 0;   // computed as guesses along with other tokens
  int64_t accepted_tokens = 0;  // of these, what the model said; they are among generated_tokens
};

// Hears what becomes of one request. Called on the engine's thread, never after on_finish.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // One more token, the stop token that ends the answer included. Returning false ends the answer
  // (FinishReason::stop).
  virtual bool on_token(const sampling::Sampled& token) = 0;
  // Prompt tokens computed or found so far; for progress. `done` ascends.
  virtual void on_prefill(int64_t done, int64_t total) { (void)done, (void)total; }
  // The prompt's tokens from the second on with their log-probabilities, in order, some at a time; all of
  // them before the first on_token. Only if the request wants them.
  virtual void on_prompt_logprobs(std::span<const sampling::Sampled> tokens) { (void)tokens; }
  // `error` is set if reason is FinishReason::error.
  virtual void on_finish(FinishReason reason, const Timings& timings, const base::Error* error) = 0;
};

struct Request {
  std::vector<TokenId> prompt;    // at least one, all in range
  sampling::Parameters sampling;  // end_ids are stop_ids, whatever it says
  std::vector<TokenId> stop_ids;  // any of them ends the answer; one that the model cannot give does nothing
  bool ignore_stop_ids = false;   // they are generated like any other
  int64_t max_tokens = -1;        // -1: until the context is full
  int n_top_logprobs = -1;        // see sampling::Sampler::sample
  bool logprobs_after_sampling = false;
  int n_prompt_logprobs = -1;  // the same for the prompt's tokens; its cached prefix is then computed again
  int priority =
      0;  // lower ones go first, and give up their pages last; among equals the one that came first
  std::string cache_salt;  // prompts share cached prefixes only under the same salt
  std::shared_ptr<RequestSink> sink;
};

enum class RequestId : uint64_t {};

class Drafter;

struct EngineOptions {
  int64_t context_tokens = 0;  // per sequence; 0: what the model was made for
  int64_t n_pages = 0;         // KV pages in all, see plan_memory(); 0: as many as one sequence needs
  int max_sequences = 32;      // running at once; others queue
  int max_queued = 1024;       // beyond that submit() fails with Code::unavailable
  int64_t chunk_tokens = 512;  // prompt tokens of one step, over all sequences
  compute::KvType kv_type = compute::KvType::bf16;
  int64_t n_valid_ids = 0;  // ids the tokenizer knows; 0: the whole vocabulary
  bool prefix_cache = true;
  double token_gap_seconds =
      0.25;  // while others decode, prompts are cut so that a step should not take longer
  // Tokens of a sequence that may be guessed and checked in one step; 0: no speculation. Never changes a
  // token.
  int64_t draft_tokens = 0;
  bool always_draft = false;         // as many as allowed, whatever they cost: for tests
  std::shared_ptr<Drafter> drafter;  // asked where the sequence's own past has no guess; may be null
};

// draft_tokens at most, and the drafts of a step over all sequences: no processor computes more rows beside
// others for nothing.
inline constexpr int64_t kMostDraftTokens = 32, kMostDraftRows = 32;

struct EngineStats {
  int64_t running = 0, waiting = 0;
  int64_t pages_total = 0, pages_free = 0, pages_cached = 0;
  int64_t steps = 0, tokens_computed = 0, tokens_generated = 0;
  int64_t prompt_tokens = 0, cached_prompt_tokens = 0;  // of requests that have begun
  int64_t preempted = 0;                                // times a sequence had to give up its pages
  int64_t evicted_pages = 0;
  int64_t drafted_tokens = 0, accepted_tokens = 0;  // as in Timings
};

class Engine {
 public:
  // Reserves KV memory and work buffers, starts the loop. Fails with Code::invalid_argument if the pages
  // cannot hold one sequence of context_tokens. REQUIRES: the model outlives the engine, which alone uses it.
  static base::Result<std::unique_ptr<Engine>> start(models::Model& model, const EngineOptions& options);
  virtual ~Engine() = default;  // cancels what still runs, joins the thread

  // Code::invalid_argument (empty prompt, id out of range, parameter out of range), Code::exhausted (prompt
  // does not fit the context: names both numbers), Code::unavailable (queue full, or shutting down).
  virtual base::Result<RequestId> submit(Request request) = 0;
  // The request ends at the next step with FinishReason::cancelled, also while queued. Unknown ids are
  // ignored.
  virtual void cancel(RequestId id) = 0;
  // Refuses new requests and returns when all that were accepted have ended or `seconds` have passed.
  virtual void drain(double seconds) = 0;
  virtual EngineStats stats() const = 0;
  virtual int64_t context_tokens() const = 0;
};

}  // namespace engine
