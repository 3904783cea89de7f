#pragma once
// A message batch: requests that nobody waits for, and what became of them.
//
//   in_progress -> (canceling ->) ended
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/common/errors.h"
#include "base/json.h"

namespace api::anthropic {

enum class ItemState { waiting, succeeded, errored, canceled };

struct BatchItem {
  std::string custom_id;
  base::Json params;  // the body of a message request
  ItemState state = ItemState::waiting;
  std::string result;  // JSON: {"type": "succeeded", "message": ...}
};

struct Batch {
  std::string id;     // "msgbatch_..."
  std::string owner;  // of whoever made it: others do not see it
  int64_t created_at = 0;
  std::optional<int64_t> cancel_initiated_at, ended_at;
  std::vector<BatchItem> items;
};

inline constexpr int64_t kBatchSeconds = 24 * 3600;  // a batch and its results are kept for so long
inline constexpr size_t kMostBatchItems = 10'000;

// The requests of POST /v1/messages/batches: at least one, custom_id unique, of 1 to 64 letters, digits, _
// and -. What is wrong with `params` shows when they are run.
Parsed<std::vector<BatchItem>> read_batch_items(const base::Json& body);

base::Json batch_json(const Batch& batch);
// One JSON line per request.
std::string results_of(const Batch& batch);

}  // namespace api::anthropic
