#pragma once
// Turns planned rows into one forward pass. All buffers are made at the start; a step allocates nothing.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/scheduler.h"
#include "models/model.h"

namespace engine {

class Runner {
 public:
  // Reserves KV memory and buffers for steps of max_rows rows of max_sequences sequences; max_logit_rows of
  // the rows may want logits.
  // REQUIRES: the model outlives the runner.
  static base::Result<std::unique_ptr<Runner>> make(models::Model& model, compute::KvType kv_type,
                                                    int64_t n_pages, int64_t max_rows, int64_t max_sequences,
                                                    int64_t max_logit_rows);

  // Computes the rows. The logits of those that want them stay valid until the next call.
  void forward(std::span<const PlannedRows> plan);

  // Of the i-th row that wants logits, in the plan's order: [vocab_size].
  std::span<const float> logits(int64_t i) const;

  // Of the sequence whose logits(i) are not finite: where that began (models::Model::find_non_finite); empty
  // if it cannot be told. Runs its rows of the last step again, alone. REQUIRES: the sequence has its pages
  // still.
  std::string find_non_finite(int64_t i);

  void copy_page(kv_cache::PageId from, kv_cache::PageId to, int n_tokens);

 private:
  explicit Runner(models::Model& model) : model_(model) {}

  models::Model& model_;
  std::unique_ptr<compute::KvMemory> kv_memory_;
  std::vector<TokenId> tokens_;                   // [max_rows]
  std::vector<compute::SequenceRows> sequences_;  // [max_sequences]
  std::vector<int32_t> logit_rows_;               // [max_logit_rows]
  std::unique_ptr<float[]> logits_;               // [max_logit_rows, vocab_size]
  size_t vocab_size_ = 0;
};

}  // namespace engine
