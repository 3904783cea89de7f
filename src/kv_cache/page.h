#pragma once
// What the key/value memory is cut into. A page holds the keys and values of kPageTokens consecutive tokens
// of one sequence in all layers; page i of a sequence holds its tokens [64 i, 64 i + 64). The cache deals in
// page numbers alone: the memory behind them belongs to the compute backend.
#include <cstdint>
#include <vector>

#include "compute/backend.h"

namespace kv_cache {

using TokenId = int32_t;
using PageId = int32_t;  // as compute::SequenceRows::pages has it
using PageList = std::vector<PageId>;

using compute::kPageTokens;

// Pages that hold `n_tokens` tokens.
constexpr int64_t pages_for(int64_t n_tokens) {
  return (n_tokens + kPageTokens - 1) / kPageTokens;
}

}  // namespace kv_cache
