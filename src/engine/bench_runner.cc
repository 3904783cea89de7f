#include "engine/bench_runner.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <vector>

#include "base/strings.h"
#include "kv_cache/page.h"
#include "sampling/logit_scan.h"

namespace engine {

namespace {

using models::TokenId;

base::Status check(const models::Config& config, const BenchOptions& o) {
  if (o.prompt_tokens < 0 || o.generate_tokens < 0 || o.depth_tokens < 0 || o.batch < 1 || o.chunk_tokens < 1)
    return base::fail(base::Code::invalid_argument,
                      "prompt, generate and depth must not be negative, batch and chunk at least 1");
  if (o.depth_tokens + o.prompt_tokens + o.generate_tokens > config.context_length)
    return base::fail(base::Code::exhausted,
                      base::cat("depth, prompt and generated tokens are ",
                                o.depth_tokens + o.prompt_tokens + o.generate_tokens,
                                " in all, the model's context is ", config.context_length));
  return {};
}

class Bench {
 public:
  Bench(models::Model& model, const BenchOptions& options)
      : model_(model), options_(options), vocab_size_(model.config().vocab_size) {}

  base::Status prepare();
  // Adds n_tokens to each sequence, in steps of chunk_tokens.
  base::Status read(int64_t n_tokens);
  // Adds n_tokens to each sequence, one step each.
  base::Status write(int64_t n_tokens);

 private:
  base::Status step(int64_t n_rows, size_t first_sequence, size_t n_sequences, bool wants_logits);
  TokenId any_token() {
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<TokenId>((random_ >> 33) % static_cast<uint64_t>(vocab_size_));
  }

  models::Model& model_;
  const BenchOptions& options_;
  const int64_t vocab_size_;
  uint64_t random_ = 1;
  std::unique_ptr<compute::KvMemory> kv_memory_;
  std::vector<kv_cache::PageList> pages_;  // [batch]
  std::vector<int64_t> positions_;         // [batch]
  std::vector<TokenId> next_;              // [batch], what each sequence goes on with
  std::vector<TokenId> tokens_;
  std::vector<compute::SequenceRows> sequences_;
  std::vector<int32_t> logit_rows_;
  std::unique_ptr<float[]> logits_;  // [batch, vocab_size]
};

base::Status Bench::prepare() {
  const auto batch = static_cast<size_t>(options_.batch);
  const int64_t n_tokens =
      std::max<int64_t>(1, options_.depth_tokens + options_.prompt_tokens + options_.generate_tokens);
  const auto pages_each = static_cast<size_t>(kv_cache::pages_for(n_tokens));
  TRY(model_.reserve(std::max<int64_t>(options_.chunk_tokens, options_.batch), options_.batch));
  kv_memory_ = TRY(model_.backend().make_kv_memory(model_.kv_shape(options_.kv_type),
                                                   static_cast<int64_t>(batch * pages_each)));
  logits_ = std::make_unique_for_overwrite<float[]>(batch * static_cast<size_t>(vocab_size_));
  pages_.assign(batch, kv_cache::PageList(pages_each));
  for (size_t i = 0; i < batch; ++i)
    std::iota(pages_[i].begin(), pages_[i].end(), static_cast<kv_cache::PageId>(i * pages_each));
  positions_.assign(batch, 0);
  next_.resize(batch);
  for (TokenId& token : next_) token = any_token();
  return {};
}

// REQUIRES: n_rows * n_sequences is within what prepare() reserved.
base::Status Bench::step(int64_t n_rows, size_t first_sequence, size_t n_sequences, bool wants_logits) {
  if (options_.cancelled != nullptr && options_.cancelled->load(std::memory_order_relaxed))
    return base::fail(base::Code::cancelled, "the benchmark was cancelled");
  tokens_.clear();
  sequences_.clear();
  logit_rows_.clear();
  for (size_t i = first_sequence; i < first_sequence + n_sequences; ++i) {
    const auto first_row = static_cast<int64_t>(tokens_.size());
    tokens_.push_back(next_[i]);
    for (int64_t row = 1; row < n_rows; ++row) tokens_.push_back(any_token());
    sequences_.push_back(
        {.first_row = first_row, .n_rows = n_rows, .position = positions_[i], .pages = pages_[i]});
    positions_[i] += n_rows;
    if (wants_logits) logit_rows_.push_back(static_cast<int32_t>(tokens_.size() - 1));
    next_[i] = any_token();
  }
  model_.forward({.tokens = tokens_, .sequences = sequences_, .logit_rows = logit_rows_}, *kv_memory_,
                 logits_.get());
  const auto width = static_cast<size_t>(vocab_size_);
  for (size_t i = 0; i < logit_rows_.size(); ++i)
    next_[first_sequence + i] = TRY(sampling::LogitScan::over({logits_.get() + i * width, width})).argmax();
  return {};
}

// As the engine reads prompts that arrive together: one after the other, short ones together in one step. As
// there, the last token of a prompt gives logits.
base::Status Bench::read(int64_t n_tokens) {
  if (n_tokens == 0) return {};
  const auto batch = static_cast<size_t>(options_.batch);
  const auto together = static_cast<size_t>(std::max<int64_t>(1, options_.chunk_tokens / n_tokens));
  for (size_t first = 0; first < batch; first += together) {
    const size_t n_sequences = std::min(together, batch - first);
    for (int64_t done = 0; done < n_tokens;) {
      const int64_t n_rows = std::min(options_.chunk_tokens, n_tokens - done);
      done += n_rows;
      TRY(step(n_rows, first, n_sequences, /*wants_logits=*/done == n_tokens));
    }
  }
  return {};
}

base::Status Bench::write(int64_t n_tokens) {
  for (int64_t i = 0; i < n_tokens; ++i)
    TRY(step(/*n_rows=*/1, 0, static_cast<size_t>(options_.batch), /*wants_logits=*/true));
  return {};
}

template <class Work>
base::Result<double> seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  TRY(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

base::Result<BenchResult> run_bench(models::Model& model, const BenchOptions& options) {
  TRY(check(model.config(), options));
  Bench bench(model, options);
  TRY(bench.prepare());
  TRY(bench.read(options.depth_tokens));
  BenchResult result;
  result.prefill_tokens = options.prompt_tokens * options.batch;
  result.prefill_seconds = TRY(seconds_of([&] { return bench.read(options.prompt_tokens); }));
  result.decode_tokens = options.generate_tokens * options.batch;
  result.decode_seconds = TRY(seconds_of([&] { return bench.write(options.generate_tokens); }));
  return result;
}

}  // namespace engine
