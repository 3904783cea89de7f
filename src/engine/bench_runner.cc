#include "engine/bench_runner.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/strings.h"
#include "sampling/logit_scan.h"

namespace engine {

namespace {

using models::TokenId;

// A whole chunk is read before anything is timed, so that no measured step is the first to touch its memory;
// but not where that takes minutes.
constexpr double kMostWarmUpSeconds = 1;

base::Status check(const models::Config& config, const BenchCase& c) {
  if (c.prompt_tokens < 0 || c.generate_tokens < 0 || c.depth_tokens < 0 || c.batch < 1)
    return base::fail(base::Code::invalid_argument,
                      "prompt, generate and depth must not be negative, batch at least 1");
  if (c.context_tokens() > config.context_length)
    return base::fail(base::Code::exhausted,
                      base::cat("depth with prompt or generated tokens is ", c.context_tokens(),
                                " tokens, the model's context is ", config.context_length));
  return {};
}

int64_t pages_of(const BenchCase& c) {
  return std::max<int64_t>(1, kv_cache::pages_for(c.context_tokens())) * c.batch;
}

template <class Work>
base::Result<double> seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  TRY(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

BenchRunner::BenchRunner(models::Model& model, const BenchOptions& options)
    : model_(model), options_(options), vocab_size_(model.config().vocab_size) {}

base::Result<std::unique_ptr<BenchRunner>> BenchRunner::make(models::Model& model,
                                                             std::span<const BenchCase> cases,
                                                             const BenchOptions& options) {
  if (cases.empty() || options.chunk_tokens < 1)
    return base::fail(base::Code::invalid_argument, "a benchmark needs a case, and chunks of at least 1");
  for (const BenchCase& each : cases) TRY(check(model.config(), each));
  std::unique_ptr<BenchRunner> runner(new BenchRunner(model, options));
  TRY(runner->reserve(cases));
  int64_t most_tokens = 1, most_prompt = 1;
  for (const BenchCase& each : cases) {
    most_tokens = std::max(most_tokens, each.context_tokens());
    most_prompt = std::max(most_prompt, each.prompt_tokens * each.batch);
  }
  const int64_t page_tokens = std::min<int64_t>({kv_cache::kPageTokens, most_tokens, options.chunk_tokens});
  const double seconds = TRY(seconds_of([&] { return runner->warm_up(page_tokens); }));
  const int64_t chunk = std::min({options.chunk_tokens, most_prompt, most_tokens});
  if (seconds * static_cast<double>(chunk) < kMostWarmUpSeconds * static_cast<double>(page_tokens))
    TRY(runner->warm_up(chunk));
  for (int64_t page = 1; page < runner->n_pages_; ++page)
    model.backend().copy_page(*runner->kv_memory_, 0, static_cast<int32_t>(page),
                              static_cast<int>(page_tokens));
  return runner;
}

base::Status BenchRunner::reserve(std::span<const BenchCase> cases) {
  int batch = 1;
  for (const BenchCase& each : cases) {
    batch = std::max(batch, each.batch);
    n_pages_ = std::max(n_pages_, pages_of(each));
  }
  TRY(model_.reserve(std::max<int64_t>(options_.chunk_tokens, batch), batch));
  kv_memory_ = TRY(model_.backend().make_kv_memory(model_.kv_shape(options_.kv_type), n_pages_));
  logits_ = std::make_unique_for_overwrite<float[]>(static_cast<size_t>(batch * vocab_size_));
  return {};
}

// Reads n_tokens of one sequence, which lies in the first pages.
base::Status BenchRunner::warm_up(int64_t n_tokens) {
  begin({.prompt_tokens = n_tokens, .generate_tokens = 0, .depth_tokens = 0, .batch = 1});
  return read(n_tokens);
}

// Sequence i has the pages behind those of sequence i - 1.
void BenchRunner::begin(const BenchCase& c) {
  const auto batch = static_cast<size_t>(c.batch);
  const auto pages_each = static_cast<size_t>(pages_of(c) / c.batch);
  pages_.assign(batch, kv_cache::PageList(pages_each));
  for (size_t i = 0; i < batch; ++i)
    std::iota(pages_[i].begin(), pages_[i].end(), static_cast<kv_cache::PageId>(i * pages_each));
  positions_.assign(batch, c.depth_tokens);
  next_.resize(batch);
  for (TokenId& token : next_) token = any_token();
}

base::Result<BenchResult> BenchRunner::run(const BenchCase& c) {
  BenchResult result;
  result.prefill_tokens = c.prompt_tokens * c.batch;
  result.decode_tokens = c.generate_tokens * c.batch;
  begin(c);
  result.prefill_seconds = TRY(seconds_of([&] { return read(c.prompt_tokens); }));
  begin(c);
  result.decode_seconds = TRY(seconds_of([&] { return write(c.generate_tokens); }));
  return result;
}

TokenId BenchRunner::any_token() {
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<TokenId>((random_ >> 33) % static_cast<uint64_t>(vocab_size_));
}

// REQUIRES: n_rows * n_sequences is within what reserve() made room for.
base::Status BenchRunner::step(int64_t n_rows, size_t first_sequence, size_t n_sequences, bool wants_logits) {
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
base::Status BenchRunner::read(int64_t n_tokens) {
  if (n_tokens == 0) return {};
  const size_t batch = pages_.size();
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

base::Status BenchRunner::write(int64_t n_tokens) {
  for (int64_t i = 0; i < n_tokens; ++i) TRY(step(/*n_rows=*/1, 0, pages_.size(), /*wants_logits=*/true));
  return {};
}

}  // namespace engine
