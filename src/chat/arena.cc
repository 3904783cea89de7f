#include "chat/arena.h"

#include <algorithm>

namespace chat {

namespace {
constexpr size_t kLargestChunkBytes = size_t{1} << 20;
}

void* Arena::allocate_in_new_chunk(size_t size_bytes) {
  used_bytes_ += size_bytes;
  // A large piece gets a chunk of its own, so that the rest of the current one stays in use.
  if (size_bytes > next_chunk_bytes_ / 4) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size_bytes));
    return chunks_.back().get();
  }
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(next_chunk_bytes_));
  char* chunk = chunks_.back().get();
  next_ = chunk + size_bytes;
  left_ = next_chunk_bytes_ - size_bytes;
  next_chunk_bytes_ = std::min(next_chunk_bytes_ * 2, kLargestChunkBytes);
  return chunk;
}

}  // namespace chat
