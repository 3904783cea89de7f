#pragma once
// The urlize filter: web and mail addresses in a text become links.
#include <vector>

#include "base/result.h"
#include "chat/heap.h"

namespace chat {

struct UrlizeOptions {
  int64_t trim_limit = -1;  // characters of a link's text; negative: all
  bool nofollow = false;
  const Text* rel = nullptr;
  const Text* target = nullptr;
  std::vector<const Text*> extra_schemes;
};

base::Result<const Text*> urlize(Heap& heap, const Text& text, const UrlizeOptions& options);

}  // namespace chat
