#pragma once
// Measures how fast a model reads prompts and how fast it writes answers. Needs no Engine.
#include <atomic>

#include "base/result.h"
#include "models/model.h"

namespace engine {

struct BenchOptions {
  int64_t prompt_tokens = 512;    // of each sequence, timed; may be 0
  int64_t generate_tokens = 128;  // of each sequence, timed; may be 0
  int64_t depth_tokens = 0;       // already in each sequence's context when timing begins
  int batch = 1;                  // sequences at once
  int64_t chunk_tokens = 512;     // prompt tokens of one step, over all sequences
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

// Runs once. Sequences are pseudo-random and differ from each other. Decoding starts at depth + prompt tokens
// and does not count the token that the prompt itself gave. Fails with Code::exhausted if depth + prompt +
// generate tokens are more than the model's context or memory is short, Code::cancelled,
// Code::invalid_argument.
base::Result<BenchResult> run_bench(models::Model& model, const BenchOptions& options);

}  // namespace engine
