#pragma once
// The wordwrap filter: Python's textwrap on each line.
#include "base/result.h"
#include "chat/heap.h"

namespace chat {

struct WrapOptions {
  int64_t width = 79;  // in characters, at least 1
  bool break_long_words = true;
  bool break_on_hyphens = true;
  const Text* between = nullptr;  // what is put at each break
};

base::Result<const Text*> word_wrap(Heap& heap, const Text& text, const WrapOptions& options);

}  // namespace chat
