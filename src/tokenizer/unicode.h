#pragma once
// What the pre-tokenizers and the search for added tokens need to know about code points, by ICU's tables.
#include <cstdint>
#include <string_view>

namespace tokenizer {

// Each code point is exactly one of letter (\p{L}), number (\p{N}), space (\s) and other; a CR or LF is both
// newline and space. Past the end of a text there is no class at all.
enum CharClass : uint8_t {
  kNoClass = 0,
  kLetter = 1,
  kNumber = 2,
  kSpace = 4,
  kNewline = 8,
  kOther = 16,
};

struct CodePoint {
  char32_t value;
  int size;  // bytes in UTF-8
};

// REQUIRES: `text` is well-formed UTF-8 and a character starts at text[offset].
inline CodePoint code_point_at(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[offset + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {char32_t((first & 0x1Fu) << 6 | (byte(1) & 0x3Fu)), 2};
  if (first < 0xF0) return {char32_t((first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu)), 3};
  return {
      char32_t((first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu)),
      4};
}

// Where the character that ends just before `offset` starts. REQUIRES: offset > 0, well-formed UTF-8.
inline size_t previous_start(std::string_view text, size_t offset) {
  do --offset;
  while (offset > 0 && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80);
  return offset;
}

uint8_t char_class(char32_t code_point);

// \s of the reference's engines: Unicode's White_Space.
bool is_white_space(char32_t code_point);
// \w of the reference's engines: Alphabetic, marks, decimal digits, connectors and joiners.
bool is_word_character(char32_t code_point);

}  // namespace tokenizer
