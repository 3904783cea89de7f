#include "engine/runner.h"

#include <algorithm>

#include "base/check.h"

namespace engine {

base::Result<std::unique_ptr<Runner>> Runner::make(models::Model& model, compute::KvType kv_type,
                                                   int64_t n_pages, int64_t max_rows, int64_t max_sequences,
                                                   int64_t max_logit_rows) {
  std::unique_ptr<Runner> runner(new Runner(model));
  TRY(model.reserve(max_rows, max_logit_rows));
  runner->kv_memory_ = TRY(model.backend().make_kv_memory(model.kv_shape(kv_type), n_pages));
  runner->vocab_size_ = static_cast<size_t>(model.config().vocab_size);
  runner->tokens_.reserve(static_cast<size_t>(max_rows));
  runner->sequences_.reserve(static_cast<size_t>(max_sequences));
  runner->logit_rows_.reserve(static_cast<size_t>(max_logit_rows));
  // Not zeroed, so that rows that are never used take no memory.
  runner->logits_ =
      std::make_unique_for_overwrite<float[]>(static_cast<size_t>(max_logit_rows) * runner->vocab_size_);
  return runner;
}

void Runner::forward(std::span<const PlannedRows> plan) {
  tokens_.clear();
  sequences_.clear();
  logit_rows_.clear();
  for (const PlannedRows& planned : plan) {
    const Sequence& sequence = *planned.sequence;
    const auto first_row = static_cast<int64_t>(tokens_.size());
    const auto first = sequence.tokens.begin() + sequence.cache.n_stored;
    tokens_.insert(tokens_.end(), first, first + (planned.n_rows - planned.n_drafts));
    const auto draft = sequence.drafting.drafts.begin();
    tokens_.insert(tokens_.end(), draft, draft + planned.n_drafts);
    sequences_.push_back({.first_row = first_row,
                          .n_rows = planned.n_rows,
                          .position = sequence.cache.n_stored,
                          .pages = sequence.cache.pages});
    const auto n_rows = static_cast<int64_t>(tokens_.size());
    for (int64_t i = 0; i < planned.n_prompt_logits; ++i)
      logit_rows_.push_back(static_cast<int32_t>(first_row + planned.first_prompt_logit + i));
    const int64_t n_last = planned.n_logits() - planned.n_prompt_logits;
    for (int64_t row = n_rows - n_last; row < n_rows; ++row) logit_rows_.push_back(static_cast<int32_t>(row));
  }
  model_.forward({.tokens = tokens_, .sequences = sequences_, .logit_rows = logit_rows_}, *kv_memory_,
                 logits_.get());
}

std::span<const float> Runner::logits(int64_t i) const {
  return {logits_.get() + static_cast<size_t>(i) * vocab_size_, vocab_size_};
}

std::string Runner::find_non_finite(int64_t i) {
  const int32_t row = logit_rows_[static_cast<size_t>(i)];
  const auto sequence = std::ranges::find_if(sequences_, [&](const compute::SequenceRows& rows) {
    return row >= rows.first_row && row < rows.first_row + rows.n_rows;
  });
  CHECK(sequence != sequences_.end());
  compute::SequenceRows alone = *sequence;
  alone.first_row = 0;
  const auto logit_row = static_cast<int32_t>(row - sequence->first_row);
  const auto tokens = std::span(tokens_).subspan(static_cast<size_t>(sequence->first_row),
                                                 static_cast<size_t>(sequence->n_rows));
  return model_.find_non_finite({.tokens = tokens, .sequences = {&alone, 1}, .logit_rows = {&logit_row, 1}},
                                *kv_memory_);
}

void Runner::copy_page(kv_cache::PageId from, kv_cache::PageId to, int n_tokens) {
  model_.backend().copy_page(*kv_memory_, from, to, n_tokens);
}

}  // namespace engine
