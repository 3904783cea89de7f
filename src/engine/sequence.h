#pragma once
// One request while the engine has it: its tokens, its pages, and who hears of it.
//
//   tokens   [0, n_prompt)           the prompt
//            [n_prompt, n)           generated
//            [0, cache.n_stored)     keys and values are in the cache
//            [cache.n_stored, n)     to be computed; one token while it decodes, more while it reads its
//            prompt or
//                                    comes back after a preemption
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/suffix_drafter.h"
#include "kv_cache/kv_cache.h"
#include "sampling/sampler.h"

namespace engine {

// Guesses at what a sequence will say next (engine/speculation.h).
struct Drafting {
  std::vector<TokenId> drafts;  // what may follow `tokens`; only of the step being planned and computed
  bool by_drafter = false;      // not by its own suffixes
  SuffixDrafter suffixes;
  Acceptance drafter_acceptance{0.7};
  int64_t n_drafted = 0, n_accepted = 0;
};

struct Sequence {
  using Clock = std::chrono::steady_clock;

  RequestId id{};  // ascending in order of arrival
  int priority = 0;
  std::vector<TokenId> tokens;
  int64_t n_prompt = 0;
  int64_t n_limit = 0;  // tokens in all, at which the answer ends with FinishReason::length
  std::string salt;

  // The scheduler's.
  kv_cache::SequencePages cache;
  int64_t n_cached_prompt = -1;  // prompt tokens found in the cache when it first began; -1: it has not
  int64_t n_planned = 0;         // rows in the step being planned

  // The speculation's.
  Drafting drafting;

  // The engine's.
  sampling::Sampler sampler{sampling::Parameters{}};
  std::vector<TokenId> stop_ids;
  sampling::Sampler::Report report;
  int n_prompt_logprobs = -1;   // as Request
  int64_t n_prompt_scored = 0;  // leading prompt tokens after which the next one's logits have been looked at
  int64_t n_reported = 0;       // prompt tokens that the sink has heard of
  std::shared_ptr<RequestSink> sink;
  Clock::time_point submitted, started, answered;  // answered: the first token
  bool has_started = false;

  // The order in which sequences are served: by priority, then by arrival.
  std::pair<int, RequestId> turn() const { return {priority, id}; }
  int64_t n_tokens() const { return static_cast<int64_t>(tokens.size()); }
  int64_t n_generated() const { return n_tokens() - n_prompt; }
  // Prompt tokens after which the logits are still wanted for the prompt's own sake.
  int64_t n_to_score() const { return n_prompt_logprobs < 0 ? 0 : n_prompt - 1 - n_prompt_scored; }
  int64_t n_to_compute() const { return n_tokens() - cache.n_stored; }
};

}  // namespace engine
