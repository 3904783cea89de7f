#include "engine/draft_model.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "sampling/logit_scan.h"

namespace engine {

namespace {

using Clock = Sequence::Clock;

constexpr double kLearningRate = 0.2;

}  // namespace

DraftModel::DraftModel(models::Model& model, const Options& options)
    : options_(options),
      context_tokens_(model.config().context_length),
      cache_({.n_pages = options.n_pages, .reuse = true},
             [this](auto from, auto to, int n_tokens) { runner_->copy_page(from, to, n_tokens); }) {}

base::Result<std::unique_ptr<DraftModel>> DraftModel::make(models::Model& model, const Options& given) {
  CHECK(given.n_pages > 0 && given.chunk_tokens > 0 && given.max_sequences > 0 && given.n_valid_ids > 0);
  Options options = given;
  options.n_valid_ids = std::min(options.n_valid_ids, model.config().vocab_size);
  std::unique_ptr<DraftModel> drafter(new DraftModel(model, options));
  drafter->runner_ = TRY(Runner::make(model, options.kv_type, options.n_pages,
                                      std::max<int64_t>(options.chunk_tokens, options.max_sequences),
                                      options.max_sequences, options.max_sequences));
  return drafter;
}

DraftModel::~DraftModel() {
  for (const auto& [id, reader] : readers_) cache_.release(reader->sequence.cache);
}

void DraftModel::draft(std::span<const Wanted> wanted, int64_t most) {
  active_.clear();
  for (const Wanted& w : wanted) {
    Reader* reader = reader_for(w, most);
    if (reader == nullptr) {  // others may hold pages and never come back
      forget_all_but(wanted);
      reader = reader_for(w, most);
    }
    if (reader != nullptr) active_.push_back(reader);
  }
  read_on();
  for (int64_t i = 1; i < most && !active_.empty(); ++i) {
    plan_.clear();
    for (Reader* reader : active_)
      plan_.push_back({.sequence = &reader->sequence, .n_rows = 1, .wants_logits = true});
    const Clock::time_point begin = Clock::now();
    compute_and_guess();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    seconds_per_token_ += (seconds_per_token_ == 0 ? 1 : kLearningRate) * (seconds - seconds_per_token_);
  }
}

// The sequence with its new tokens and pages for n_room more; null: there is no room.
DraftModel::Reader* DraftModel::reader_for(const Wanted& wanted, int64_t n_room) {
  const auto n_tokens = std::ssize(wanted.tokens);
  if (n_tokens + n_room > context_tokens_) return nullptr;
  const auto known = readers_.find(wanted.id);
  Reader* reader = known != readers_.end() ? known->second.get() : begin(wanted);
  if (reader == nullptr) return nullptr;
  reader->drafts = wanted.drafts;

  // Of the guesses those stay that were said; the last token is computed in any case, for its logits.
  Sequence& sequence = reader->sequence;
  const auto n_before = static_cast<size_t>(reader->n_real);
  const std::span<const TokenId> guessed = std::span(sequence.tokens).subspan(n_before);
  const std::span<const TokenId> said = wanted.tokens.subspan(n_before);
  const auto n_right = std::ranges::mismatch(guessed, said).in1 - guessed.begin();
  sequence.cache.n_stored = std::min({sequence.cache.n_stored, reader->n_real + n_right, n_tokens - 1});
  sequence.tokens.resize(n_before);
  sequence.tokens.insert(sequence.tokens.end(), said.begin(), said.end());
  reader->n_real = n_tokens;
  return cache_.grow(sequence.cache, n_tokens + n_room) ? reader : nullptr;
}

DraftModel::Reader* DraftModel::begin(const Wanted& wanted) {
  auto pages = cache_.begin(wanted.tokens, wanted.salt, /*n_spare=*/0);
  if (!pages) return nullptr;
  auto reader = std::make_unique<Reader>();
  reader->sequence.id = wanted.id;
  reader->sequence.tokens.assign(wanted.tokens.begin(), wanted.tokens.end());
  reader->sequence.cache = std::move(*pages);
  reader->n_real = std::ssize(wanted.tokens);
  return (readers_[wanted.id] = std::move(reader)).get();
}

// A chunk of what the active sequences have not read. Those that have read all make their first guess, the
// others are not active any more.
void DraftModel::read_on() {
  plan_.clear();
  int64_t n_left = options_.chunk_tokens;
  for (Reader* reader : active_) {
    const int64_t n_missing = reader->sequence.n_to_compute();
    const int64_t n_rows = std::min(n_left, n_missing);
    if (n_rows == 0) continue;
    n_left -= n_rows;
    plan_.push_back({.sequence = &reader->sequence, .n_rows = n_rows, .wants_logits = n_rows == n_missing});
  }
  std::erase_if(active_, [&](const Reader* reader) {
    return std::ranges::none_of(plan_, [&](const PlannedRows& planned) {
      return planned.sequence == &reader->sequence && planned.wants_logits;
    });
  });
  if (!plan_.empty()) compute_and_guess();
}

// Computes the plan; appends the likeliest token to each active sequence. One whose logits are not numbers
// guesses no more.
void DraftModel::compute_and_guess() {
  runner_->forward(plan_);
  for (const PlannedRows& planned : plan_) planned.sequence->cache.n_stored += planned.n_rows;
  int64_t n_logits = 0;
  std::erase_if(active_, [&](Reader* reader) {
    const auto logits = runner_->logits(n_logits++).first(static_cast<size_t>(options_.n_valid_ids));
    const auto scan = sampling::LogitScan::over(logits);
    if (!scan) return true;
    reader->sequence.tokens.push_back(scan->argmax());
    reader->drafts->push_back(scan->argmax());
    return false;
  });
}

void DraftModel::forget(RequestId id) {
  const auto found = readers_.find(id);
  if (found == readers_.end()) return;
  Reader& reader = *found->second;
  reader.sequence.tokens.resize(static_cast<size_t>(reader.n_real));
  reader.sequence.cache.n_stored = std::min(reader.sequence.cache.n_stored, reader.n_real);
  cache_.finish(reader.sequence.cache, reader.sequence.tokens);
  readers_.erase(found);
}

void DraftModel::forget_all_but(std::span<const Wanted> wanted) {
  std::vector<RequestId> others;
  for (const auto& [id, reader] : readers_)
    if (std::ranges::find(wanted, id, &Wanted::id) == wanted.end()) others.push_back(id);
  for (const RequestId id : others) forget(id);
}

void DraftModel::check_integrity() const {
  std::vector<const kv_cache::SequencePages*> held;
  held.reserve(readers_.size());
  for (const auto& [id, reader] : readers_) held.push_back(&reader->sequence.cache);
  cache_.check_integrity(held);
}

}  // namespace engine
