#pragma once
// Decides before loading whether the weights lie in memory, how long a context may be, and how much memory
// the keys and values get.
#include <cstdint>
#include <string>

#include "base/result.h"

namespace engine {

struct MemoryNeeds {
  uint64_t usable_bytes = 0;      // platform::memory_facts().usable_bytes
  uint64_t weight_bytes = 0;      // what loading will take
  uint64_t work_bytes = 0;        // activations, logits and whatever else is no weight and no page
  uint64_t page_bytes = 0;        // KvShape::page_bytes()
  int64_t model_context = 0;      // tokens the model was made for
  int64_t requested_context = 0;  // 0: the model's, cut to what fits
  int max_sequences = 1;
  bool weights_are_packed = false;  // in their file, which then can be used as it is
  uint64_t requested_kv_bytes =
      0;  // 0: the smaller of a quarter of what is usable and max_sequences contexts
};

struct MemoryPlan {
  int64_t context_tokens = 0;  // of one sequence
  int64_t n_pages = 0;         // over all sequences; at least one context
  uint64_t kv_bytes = 0;       // n_pages * page_bytes
  // Weights that have no room beside a useful context stay in their file: the system reads what a step needs
  // and forgets what it must. weight_bytes then count as nothing.
  bool weights_stay_in_file = false;
  std::string note;  // what the user should know: that the context was cut, or the above. Often empty.
};

// Whether weights, work and a short context fit into memory together.
bool weights_fit(const MemoryNeeds& needs);
// What the model takes with weights in memory and the context or KV memory that was asked for, else a short
// one.
uint64_t least_bytes(const MemoryNeeds& needs);
// One sentence for the user of a model whose weights stay in the file.
std::string stays_in_file_note(const MemoryNeeds& needs);

// Fails with Code::exhausted, saying what is needed, what there is, and what would fit; with
// Code::invalid_argument if more context is asked for than the model was made for. A context that was asked
// for may take more than a quarter of the memory, one that was not may not.
base::Result<MemoryPlan> plan_memory(const MemoryNeeds& needs);

}  // namespace engine
