#include "chat/segments.h"

namespace chat {

std::vector<tokenizer::Segment> segments(const Rendered& rendered) {
  std::vector<tokenizer::Segment> out;
  const std::string_view text = rendered.text;
  size_t at = 0;
  for (const auto& [begin, end] : rendered.trusted) {
    if (begin > at) out.push_back({text.substr(at, begin - at), false});
    out.push_back({text.substr(begin, end - begin), true});
    at = end;
  }
  if (at < text.size()) out.push_back({text.substr(at), false});
  return out;
}

}  // namespace chat
