#pragma once
// Measures how fast a model reads prompts and how fast it writes answers. Needs no Engine.
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "kv_cache/page.h"
#include "models/model.h"

namespace engine {

// Prefill and decode are timed apart, and both begin with `depth_tokens` in each sequence's context.
struct BenchCase {
  int64_t prompt_tokens = 512;    // of each sequence; may be 0
  int64_t generate_tokens = 128;  // of each sequence; may be 0
  int64_t depth_tokens = 0;
  int batch = 1;  // sequences at once
  // Tokens that a sequence holds at most.
  int64_t context_tokens() const {
    return depth_tokens + (prompt_tokens > generate_tokens ? prompt_tokens : generate_tokens);
  }
  bool operator==(const BenchCase&) const = default;
};

struct BenchOptions {
  int64_t chunk_tokens = 512;  // prompt tokens of one step, over all sequences
  compute::KvType kv_type = compute::KvType::bf16;
  const std::atomic<bool>* cancelled = nullptr;  // looked at between steps; may be null
};

// Totals over the batch.
struct BenchResult {
  int64_t prefill_tokens = 0;
  double prefill_seconds = 0;
  int64_t decode_tokens = 0;  // each chosen greedily from its logits, which is timed too
  double decode_seconds = 0;
  double prefill_tokens_per_second() const {
    return prefill_seconds > 0 ? static_cast<double>(prefill_tokens) / prefill_seconds : 0;
  }
  double decode_tokens_per_second() const {
    return decode_seconds > 0 ? static_cast<double>(decode_tokens) / decode_seconds : 0;
  }
};

class BenchRunner {
 public:
  // Makes room for the largest of the cases and fills it: one page is computed and copied to all others,
  // because speed does not depend on what keys and values say, and computing 16k tokens of context takes
  // minutes. Fails with Code::exhausted if a case needs more than the model's context or memory is short,
  // Code::cancelled, Code::invalid_argument. The model outlives the runner and is used by nobody else
  // meanwhile.
  static base::Result<std::unique_ptr<BenchRunner>> make(models::Model& model,
                                                         std::span<const BenchCase> cases,
                                                         const BenchOptions& options);

  // Sequences are pseudo-random and differ from each other. REQUIRES: one of the cases given to make().
  base::Result<BenchResult> run(const BenchCase& bench_case);

 private:
  BenchRunner(models::Model& model, const BenchOptions& options);
  base::Status reserve(std::span<const BenchCase> cases);
  base::Status warm_up(int64_t n_tokens);
  void begin(const BenchCase& bench_case);
  // Adds n_tokens to each sequence, in steps of chunk_tokens.
  base::Status read(int64_t n_tokens);
  // Adds n_tokens to each sequence, one step each.
  base::Status write(int64_t n_tokens);
  base::Status step(int64_t n_rows, size_t first_sequence, size_t n_sequences, bool wants_logits);
  models::TokenId any_token();

  models::Model& model_;
  const BenchOptions options_;
  const int64_t vocab_size_;
  uint64_t random_ = 1;
  int64_t n_pages_ = 0;
  std::unique_ptr<compute::KvMemory> kv_memory_;
  std::vector<kv_cache::PageList> pages_;  // [batch] of the running case
  std::vector<int64_t> positions_;         // [batch]
  std::vector<models::TokenId> next_;      // [batch], what each sequence goes on with
  std::vector<models::TokenId> tokens_;
  std::vector<compute::SequenceRows> sequences_;
  std::vector<int32_t> logit_rows_;
  std::unique_ptr<float[]> logits_;  // [largest batch, vocab_size]
};

}  // namespace engine
