#include "engine/scorer.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "base/strings.h"
#include "kv_cache/page.h"

namespace engine {

namespace {

using models::TokenId;

constexpr int64_t kMaxLogitBytes = int64_t{128} << 20;

// One of the sequences of a step, with pages of its own.
struct Lane {
  std::vector<TokenId> tokens;
  kv_cache::PageList pages;
  int64_t position = 0;
};

base::Status check(const models::Config& config, std::span<const TokenId> tokens,
                   const ScoreOptions& options) {
  if (options.chunk_tokens < 1 || options.batch < 1)
    return base::fail(base::Code::invalid_argument, "chunk and batch must be at least 1");
  if (tokens.empty()) return base::fail(base::Code::invalid_argument, "there are no tokens to score");
  for (size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= config.vocab_size)
      return base::fail(
          base::Code::invalid_argument,
          base::cat("token ", i, " has id ", tokens[i], ", the model knows 0 to ", config.vocab_size - 1));
  if (static_cast<int64_t>(tokens.size()) > config.context_length)
    return base::fail(base::Code::exhausted,
                      base::cat("there are ", tokens.size(), " tokens to score, the model's context is ",
                                config.context_length));
  return {};
}

// Lane `batch / 2` is the sequence; the others, around it, differ from it and from each other in every token,
// and in where they stand in the text.
std::vector<Lane> make_lanes(std::span<const TokenId> tokens, int batch, int64_t vocab_size) {
  std::vector<Lane> lanes(static_cast<size_t>(batch));
  const auto n_pages = static_cast<size_t>(kv_cache::pages_for(static_cast<int64_t>(tokens.size())));
  for (size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].tokens.assign(tokens.begin(), tokens.end());
    if (i != lanes.size() / 2) {
      const auto shift = static_cast<std::ptrdiff_t>(5 * (i + 1) % tokens.size());
      std::ranges::rotate(lanes[i].tokens, lanes[i].tokens.begin() + shift);
      for (TokenId& id : lanes[i].tokens)
        id = static_cast<TokenId>((id + 1 + static_cast<int64_t>(i) * 37) % vocab_size);
    }
    lanes[i].pages.resize(n_pages);
    std::iota(lanes[i].pages.begin(), lanes[i].pages.end(), static_cast<kv_cache::PageId>(i * n_pages));
  }
  return lanes;
}

class StepBuilder {
 public:
  void clear() {
    tokens_.clear();
    sequences_.clear();
    logit_rows_.clear();
  }
  void add(Lane& lane, int64_t n_rows, int64_t n_logits) {
    const auto first_row = static_cast<int64_t>(tokens_.size());
    const auto first = lane.tokens.begin() + lane.position;
    tokens_.insert(tokens_.end(), first, first + n_rows);
    sequences_.push_back(
        {.first_row = first_row, .n_rows = n_rows, .position = lane.position, .pages = lane.pages});
    for (int64_t row = n_rows - n_logits; row < n_rows; ++row)
      logit_rows_.push_back(static_cast<int32_t>(first_row + row));
    lane.position += n_rows;
  }
  models::Step step() const {
    return {.tokens = tokens_, .sequences = sequences_, .logit_rows = logit_rows_};
  }
  size_t n_logit_rows() const { return logit_rows_.size(); }

 private:
  std::vector<TokenId> tokens_;
  std::vector<compute::SequenceRows> sequences_;
  std::vector<int32_t> logit_rows_;
};

}  // namespace

base::Status score(models::Model& model, std::span<const TokenId> tokens, const ScoreOptions& options,
                   const LogitsSink& sink) {
  const models::Config& config = model.config();
  TRY(check(config, tokens, options));
  const auto vocab_size = static_cast<size_t>(config.vocab_size);
  const auto n_tokens = static_cast<int64_t>(tokens.size());
  const int64_t n_neighbours = options.batch - 1;
  const int64_t row_bytes = config.vocab_size * static_cast<int64_t>(sizeof(float));
  const int64_t chunk = std::max<int64_t>(
      1, std::min({options.chunk_tokens, n_tokens, kMaxLogitBytes / row_bytes - n_neighbours}));
  // Neighbours together have about as many rows as the sequence.
  const int64_t neighbour_chunk = n_neighbours == 0 ? 0 : std::max<int64_t>(1, chunk / n_neighbours);
  TRY(model.reserve(chunk + n_neighbours * neighbour_chunk, chunk + n_neighbours));
  std::vector<Lane> lanes = make_lanes(tokens, options.batch, config.vocab_size);
  const auto n_pages = static_cast<int64_t>(lanes.size() * lanes[0].pages.size());
  const auto kv_memory = TRY(model.backend().make_kv_memory(model.kv_shape(options.kv_type), n_pages));
  const auto logits =
      std::make_unique_for_overwrite<float[]>(static_cast<size_t>(chunk + n_neighbours) * vocab_size);

  StepBuilder builder;
  Lane& scored = lanes[lanes.size() / 2];
  while (scored.position < n_tokens) {
    const int64_t first_position = scored.position;
    size_t first_logits = 0;
    builder.clear();
    for (Lane& lane : lanes) {
      const bool is_scored = &lane == &scored;
      if (is_scored) first_logits = builder.n_logit_rows();
      if (lane.position == n_tokens) lane.position = 0;  // a neighbour at its end starts again
      const int64_t n_rows = std::min(is_scored ? chunk : neighbour_chunk, n_tokens - lane.position);
      builder.add(lane, n_rows, is_scored ? n_rows : 1);
    }
    model.forward(builder.step(), *kv_memory, logits.get());
    for (int64_t position = first_position; position < scored.position; ++position)
      TRY(sink(position, {logits.get() + first_logits++ * vocab_size, vocab_size}));
  }
  return {};
}

}  // namespace engine
