#pragma once
// Finding things in UTF-8 text: substrings, and characters by number.
#include <string_view>

#include "chat/text.h"

namespace chat {

inline constexpr size_t kNotFound = std::string_view::npos;

// First and last place of `needle`, in time linear in the text's length. An empty needle is found at once.
size_t find_first(std::string_view text, std::string_view needle, size_t from = 0);
size_t find_last(std::string_view text, std::string_view needle);
size_t count(std::string_view text,
             std::string_view needle);  // without overlaps; REQUIRES: needle is not empty

size_t n_characters(std::string_view text);
inline size_t n_characters(const Text& text) {
  return text.ascii ? text.size : n_characters(text.view());
}

// Where character number `index` begins; the text's size if it has no more.
size_t offset_of_character(const Text& text, size_t index);

// The size in bytes of the character at `offset`, and of the one that ends there.
size_t size_of_character(std::string_view text, size_t offset);
size_t size_of_character_before(std::string_view text, size_t offset);

char32_t character_at(std::string_view text, size_t offset);

// Calls f(offset, size, code_point) for each character.
template <class Function>
void for_each_character(std::string_view text, Function f) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = size_of_character(text, at);
    f(at, size, character_at(text, at));
    at += size;
  }
}

}  // namespace chat
