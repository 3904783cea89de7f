#pragma once
// Drafts with a second, smaller model that has the same vocabulary: the tokens it finds likeliest.
//
// It has keys and values of its own for the sequences it is asked about, and reads what it has not read yet,
// a chunk at a time, before it guesses. Guesses that were not taken are forgotten at the next call.
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/drafter.h"
#include "engine/runner.h"
#include "kv_cache/kv_cache.h"
#include "models/model.h"

namespace engine {

class DraftModel final : public Drafter {
 public:
  struct Options {
    compute::KvType kv_type = compute::KvType::bf16;
    int64_t n_pages = 0;
    int64_t chunk_tokens = 512;  // read in one call, over all sequences
    int max_sequences = 32;
    int64_t n_valid_ids = 0;  // others are never guessed
  };
  // REQUIRES: the model outlives the drafter, which alone uses it.
  static base::Result<std::unique_ptr<DraftModel>> make(models::Model& model, const Options& options);
  ~DraftModel() override;

  void draft(std::span<const Wanted> wanted, int64_t most) override;
  void forget(RequestId id) override;
  double seconds_per_token() const override { return seconds_per_token_; }

  // Ends the process unless every page is accounted for.
  void check_integrity() const;

 private:
  // A sequence as the small model knows it: `tokens` are the real ones up to n_real, then earlier guesses.
  struct Reader {
    Sequence sequence;
    int64_t n_real = 0;
    std::vector<TokenId>* drafts = nullptr;  // of this call
  };

  DraftModel(models::Model& model, const Options& options);

  Reader* reader_for(const Wanted& wanted, int64_t n_room);
  Reader* begin(const Wanted& wanted);
  void read_on();
  void compute_and_guess();
  void forget_all_but(std::span<const Wanted> wanted);

  const Options options_;
  const int64_t context_tokens_;
  std::unique_ptr<Runner> runner_;
  kv_cache::KvCache cache_;
  std::map<RequestId, std::unique_ptr<Reader>> readers_;
  std::vector<Reader*> active_;    // of this call
  std::vector<PlannedRows> plan_;  // scratch
  double seconds_per_token_ = 0;
};

}  // namespace engine
