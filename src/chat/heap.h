#pragma once
// What one rendering may use: its memory, and a count of its steps. Everything that can grow asks here first.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "chat/arena.h"
#include "chat/template.h"
#include "chat/text.h"

namespace chat {

class Heap {
 public:
  explicit Heap(const RenderLimits& limits) : limits_(limits), steps_left_(limits.max_steps) {}

  // Counts `n` steps of work; fails when none are left or the memory is used up.
  base::Status step(int64_t n = 1) {
    steps_left_ -= n;
    if (steps_left_ < 0 || arena_.used_bytes() > limits_.max_memory_bytes) [[unlikely]]
      return exhausted();
    return {};
  }
  // Work on that many bytes at once: 64 of them weigh as much as one step.
  base::Status step_bytes(size_t n_bytes) { return step(1 + static_cast<int64_t>(n_bytes / 64)); }

  // Asks for `n` pieces of `size_bytes` before they are made; fails if they would not fit, and counts the
  // work.
  base::Status reserve(size_t n, size_t size_bytes = 1);

  template <class T, class... Arguments>
  T* make(Arguments&&... arguments) {
    return arena_.make<T>(std::forward<Arguments>(arguments)...);
  }
  Arena& arena() { return arena_; }
  const RenderLimits& limits() const { return limits_; }

  // A builder that may fill what memory is left.
  TextBuilder builder() const;

  // Texts. The first two borrow the bytes, which must outlive the rendering.
  const Text* borrow(std::string_view bytes, bool trusted);
  Text* piece(const Text& whole, size_t begin, size_t end);
  const Text* copy(std::string_view bytes, bool trusted);
  const Text* empty_text();
  base::Result<const Text*> finish(const TextBuilder& builder);
  base::Result<const Text*> concatenate(const Text& left, const Text& right);
  const Text* with_markup(const Text& text, bool markup);

 private:
  base::Status exhausted() const;
  base::Status check_size(size_t n_bytes) const;
  void append_runs(Text& result, const Text& left, const Text& right);

  RenderLimits limits_;
  int64_t steps_left_;
  Arena arena_;
};

}  // namespace chat
