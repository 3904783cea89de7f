#include "chat/text.h"

#include <cstring>

namespace chat {

void TextBuilder::append(std::string_view bytes, bool trusted) {
  if (bytes.empty() || overflowed_) return;
  if (bytes.size() > max_bytes_ - bytes_.size()) {
    overflowed_ = true;
    return;
  }
  bytes_.append(bytes);
  const Run run = make_run(bytes_.size(), trusted);
  if (!runs_.empty() && runs_.back().trusted == run.trusted)
    runs_.back() = run;
  else
    runs_.push_back(run);
}

void TextBuilder::append(const Text& text) {
  append_part(text, 0, text.size);
}

void TextBuilder::append_part(const Text& text, size_t begin, size_t end) {
  for_each_run(text, begin, end, [&](size_t from, size_t to, bool trusted) {
    append(text.view().substr(from, to - from), trusted);
  });
}

bool trusted_at(const Text& text, size_t offset) {
  bool result = true;
  for_each_run(text, offset, offset + 1, [&](size_t, size_t, bool trusted) { result = trusted; });
  return result;
}

bool is_ascii(std::string_view bytes) {
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    uint64_t eight;
    std::memcpy(&eight, at, 8);
    if (eight & 0x8080808080808080u) return false;
  }
  for (; at != end; ++at)
    if (*at & 0x80) return false;
  return true;
}

}  // namespace chat
