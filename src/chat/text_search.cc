#include "chat/text_search.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/utf8.h"

namespace chat {

size_t find_first(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size() || needle.size() > text.size() - from) return kNotFound;
  if (needle.empty()) return from;
  // Quick for what is near. A needle whose beginning is everywhere would make this quadratic, so after too
  // many vain comparisons memmem takes over, which is linear (two-way); std::string_view::find is not.
  size_t wasted = 0;
  for (size_t at = from; wasted <= 256 + 4 * (at - from); ++at, wasted += needle.size()) {
    const size_t n_places = text.size() - needle.size() + 1;
    if (at >= n_places) return kNotFound;
    const void* first = std::memchr(text.data() + at, needle.front(), n_places - at);
    if (first == nullptr) return kNotFound;
    at = static_cast<size_t>(static_cast<const char*>(first) - text.data());
    if (std::memcmp(text.data() + at, needle.data(), needle.size()) == 0) return at;
  }
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr ? kNotFound : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

size_t find_last(std::string_view text, std::string_view needle) {
  if (needle.empty()) return text.size();
  if (needle.size() > text.size()) return kNotFound;
  const std::string backward_text(text.rbegin(), text.rend());
  const std::string backward_needle(needle.rbegin(), needle.rend());
  const size_t found = find_first(backward_text, backward_needle);
  return found == kNotFound ? kNotFound : text.size() - found - needle.size();
}

size_t count(std::string_view text, std::string_view needle) {
  size_t n = 0;
  for (size_t at = 0; (at = find_first(text, needle, at)) != kNotFound; at += needle.size()) ++n;
  return n;
}

size_t n_characters(std::string_view text) {
  size_t n = 0;
  for (size_t at = 0; at < text.size(); at += size_of_character(text, at)) ++n;
  return n;
}

size_t offset_of_character(const Text& text, size_t index) {
  if (text.ascii) return std::min<size_t>(index, text.size);
  size_t at = 0;
  for (; index > 0 && at < text.size; --index) at += size_of_character(text.view(), at);
  return at;
}

size_t size_of_character(std::string_view text, size_t offset) {
  if ((text[offset] & 0x80) == 0) return 1;
  return static_cast<size_t>(base::decode_utf8(text, offset).size);
}

size_t size_of_character_before(std::string_view text, size_t offset) {
  size_t begin = offset - 1;
  while (begin > 0 && offset - begin < 4 && (text[begin] & 0xC0) == 0x80) --begin;
  return begin + size_of_character(text, begin) == offset ? offset - begin : 1;
}

char32_t character_at(std::string_view text, size_t offset) {
  if ((text[offset] & 0x80) == 0) return static_cast<char32_t>(text[offset]);
  return base::decode_utf8(text, offset).code_point;
}

}  // namespace chat
