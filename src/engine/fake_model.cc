#include "engine/fake_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/strings.h"

namespace engine {

namespace {

using models::TokenId;

constexpr uint64_t kSeed = 0x243F6A8885A308D3;

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}
uint64_t extend(uint64_t hash, TokenId token) {
  return mix(hash + 0x9E3779B97F4A7C15 + static_cast<uint64_t>(token));
}

void write_logits(uint64_t hash, std::span<float> logits) {
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = static_cast<float>(mix(hash + i) >> 40) * (8.0f / (1 << 24)) - 4.0f;
}

struct Slot {
  bool is_stored = false;
  TokenId token = 0;
  uint64_t hash = 0;  // of the tokens up to this one
};

struct FakeKvMemory final : compute::KvMemory {
  std::vector<Slot> slots;
  Slot& at(std::span<const int32_t> pages, int64_t position) {
    const int64_t page = pages[static_cast<size_t>(position / compute::kPageTokens)];
    return slots.at(static_cast<size_t>(page * compute::kPageTokens + position % compute::kPageTokens));
  }
};

class FakeBackend final : public compute::Backend {
 public:
  explicit FakeBackend(std::atomic<int64_t>& n_copied_pages) : n_copied_pages_(n_copied_pages) {}
  bool supports(tensor::DType) const override { return false; }
  base::Result<std::unique_ptr<compute::Matrix>> make_matrix(const tensor::TensorView&,
                                                             std::span<const int32_t>) override {
    return base::fail(base::Code::unsupported, "a fake backend has no matrices");
  }
  base::Result<std::unique_ptr<compute::Matrix>> map_matrix(const tensor::TensorView&,
                                                            tensor::Layout) override {
    return base::fail(base::Code::unsupported, "a fake backend has no matrices");
  }
  std::string_view layout_name() const override { return "fake"; }
  base::Result<std::unique_ptr<compute::KvMemory>> make_kv_memory(const compute::KvShape&,
                                                                  int64_t n_pages) override {
    auto memory = std::make_unique<FakeKvMemory>();
    memory->slots.resize(static_cast<size_t>(n_pages * compute::kPageTokens));
    return memory;
  }
  void copy_page(compute::KvMemory& memory, int32_t from, int32_t to, int n_tokens) override {
    auto& slots = static_cast<FakeKvMemory&>(memory).slots;
    const auto source = slots.begin() + from * compute::kPageTokens;
    const auto target = slots.begin() + to * compute::kPageTokens;
    std::fill_n(target, compute::kPageTokens, Slot{});
    std::copy_n(source, n_tokens, target);
    ++n_copied_pages_;
  }
  void embed(const compute::Matrix&, std::span<const TokenId>, compute::Rows) override { CHECK(false); }
  void rms_norm(compute::Rows, const float*, int64_t, float, compute::Rows) override { CHECK(false); }
  void linear(compute::Rows, std::span<const compute::LinearTerm>) override { CHECK(false); }
  void rope(compute::Rows, int, const compute::Rope&, std::span<const compute::SequenceRows>) override {
    CHECK(false);
  }
  void store_kv(compute::KvMemory&, int, compute::Rows, compute::Rows,
                std::span<const compute::SequenceRows>) override {
    CHECK(false);
  }
  void attention(compute::Rows, const compute::KvMemory&, int, const compute::AttentionShape&,
                 std::span<const compute::SequenceRows>, compute::Rows) override {
    CHECK(false);
  }
  void silu_multiply(compute::Rows, compute::Rows, compute::Rows) override { CHECK(false); }
  void gather_rows(compute::Rows, std::span<const int32_t>, compute::Rows) override { CHECK(false); }
  compute::Numerics numerics() const override { return compute::Numerics::exact; }
  int n_threads() const override { return 1; }
  std::string_view kernels_name() const override { return "fake"; }

 private:
  std::atomic<int64_t>& n_copied_pages_;
};

}  // namespace

FakeModel::FakeModel(const Options& options) : backend_(std::make_unique<FakeBackend>(n_copied_pages)) {
  config_.architecture = "fake";
  config_.vocab_size = options.vocab_size;
  config_.context_length = options.context_length;
}

std::vector<float> FakeModel::logits_after(std::span<const TokenId> tokens, int64_t vocab_size) {
  uint64_t hash = kSeed;
  for (const TokenId token : tokens) hash = extend(hash, token);
  std::vector<float> logits(static_cast<size_t>(vocab_size));
  write_logits(hash, logits);
  return logits;
}

base::Status FakeModel::reserve(int64_t max_rows, int64_t max_logit_rows) {
  max_rows_ = max_rows;
  max_logit_rows_ = max_logit_rows;
  return {};
}

void FakeModel::forward(const models::Step& step, compute::KvMemory& kv, float* logits) {
  if (before_step) before_step(step);
  const auto n = static_cast<int64_t>(step.tokens.size());
  CHECK(n > 0 && n <= max_rows_ && static_cast<int64_t>(step.logit_rows.size()) <= max_logit_rows_);
  ++n_steps;
  n_rows += n;
  largest_step = std::max(largest_step.load(), n);
  auto& memory = static_cast<FakeKvMemory&>(kv);
  int64_t next_row = 0;
  size_t next_logits = 0;
  for (const compute::SequenceRows& rows : step.sequences) {
    CHECK(rows.first_row == next_row && rows.n_rows > 0);
    next_row += rows.n_rows;
    uint64_t hash = kSeed;
    for (int64_t position = 0; position < rows.position; ++position) {
      const Slot& slot = memory.at(rows.pages, position);
      hash = extend(hash, slot.token);
      if (!slot.is_stored || slot.hash != hash) ++n_violations;
    }
    for (int64_t row = rows.first_row; row < next_row; ++row) {
      const TokenId token = step.tokens[static_cast<size_t>(row)];
      CHECK(token >= 0 && token < config_.vocab_size);
      hash = extend(hash, token);
      memory.at(rows.pages, rows.position + row - rows.first_row) = {true, token, hash};
      if (next_logits == step.logit_rows.size() || step.logit_rows[next_logits] != row) continue;
      const std::span<float> out(logits + next_logits++ * static_cast<size_t>(config_.vocab_size),
                                 static_cast<size_t>(config_.vocab_size));
      write_logits(hash, out);
      if (token == poison) out[0] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  CHECK(next_row == n && next_logits == step.logit_rows.size());
}

std::string FakeModel::find_non_finite(const models::Step& step, compute::KvMemory& kv) {
  std::vector<float> logits(step.logit_rows.size() * static_cast<size_t>(config_.vocab_size));
  forward(step, kv, logits.data());
  if (!std::isnan(logits[0])) return "";
  return base::cat("token ", step.tokens[static_cast<size_t>(step.logit_rows[0])], " of ",
                   step.sequences.size(), " sequence");
}

}  // namespace engine
