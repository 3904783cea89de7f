#pragma once
// A model for tests: its logits are a pseudo-random function of all tokens up to the row, read back through
// the pages of the step. It notices when a position is read that was not stored for this very sequence, so
// wrong pages, stale pages and forgotten tokens show up as violations.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/model.h"

namespace engine {

class FakeModel final : public models::Model {
 public:
  struct Options {
    int64_t vocab_size = 97;
    int64_t context_length = 4096;
  };
  explicit FakeModel(const Options& options);
  FakeModel() : FakeModel(Options{}) {}

  // What the logits after these tokens must be.
  static std::vector<float> logits_after(std::span<const models::TokenId> tokens, int64_t vocab_size);

  const models::Config& config() const override { return config_; }
  compute::Backend& backend() const override { return *backend_; }
  compute::KvShape kv_shape(compute::KvType type) const override { return {1, 1, 1, type}; }
  uint64_t weight_bytes() const override { return 0; }
  uint64_t decode_weight_bytes() const override { return 0; }
  void forward(const models::Step& step, compute::KvMemory& kv, float* logits) override;
  std::string find_non_finite(const models::Step& step, compute::KvMemory& kv) override;
  int64_t max_rows() const override { return max_rows_; }
  base::Status reserve(int64_t max_rows, int64_t max_logit_rows) override;

  // Called before each step, on the thread that runs it; may block or throw.
  std::function<void(const models::Step&)> before_step;
  // Logits after a row with this token are not numbers.
  models::TokenId poison = -1;

  std::atomic<int64_t> n_violations = 0;
  std::atomic<int64_t> n_steps = 0;
  std::atomic<int64_t> n_rows = 0;
  std::atomic<int64_t> n_copied_pages = 0;
  std::atomic<int64_t> largest_step = 0;

 private:
  models::Config config_;
  std::unique_ptr<compute::Backend> backend_;
  int64_t max_rows_ = 0;
  int64_t max_logit_rows_ = 0;
};

}  // namespace engine
