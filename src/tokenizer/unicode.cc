#include "tokenizer/unicode.h"

#include <unicode/uchar.h>

#include <array>

namespace tokenizer {
namespace {

uint8_t look_up_class(char32_t c) {
  if (is_white_space(c)) return c == '\r' || c == '\n' ? kSpace | kNewline : kSpace;
  const uint32_t category = U_GET_GC_MASK(static_cast<UChar32>(c));
  if (category & U_GC_L_MASK) return kLetter;
  if (category & U_GC_N_MASK) return kNumber;
  return kOther;
}

constexpr std::array<uint8_t, 128> ascii_classes() {
  std::array<uint8_t, 128> classes{};
  for (int c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool newline = c == '\r' || c == '\n';
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    const bool number = c >= '0' && c <= '9';
    classes[static_cast<size_t>(c)] = newline  ? kSpace | kNewline
                                      : space  ? kSpace
                                      : letter ? kLetter
                                      : number ? kNumber
                                               : kOther;
  }
  return classes;
}

constexpr std::array<uint8_t, 128> kAsciiClasses = ascii_classes();

}  // namespace

uint8_t char_class(char32_t code_point) {
  return code_point < 128 ? kAsciiClasses[code_point] : look_up_class(code_point);
}

// Written out: the set has not changed since Unicode 6.3 and is asked for very often.
bool is_white_space(char32_t c) {
  if (c <= 0x20) return c == 0x20 || (c >= 0x09 && c <= 0x0D);
  if (c < 0x1680) return c == 0x85 || c == 0xA0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool is_word_character(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  const uint32_t category = U_GET_GC_MASK(c);
  return (category & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0 ||
         u_hasBinaryProperty(c, UCHAR_ALPHABETIC) || u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL);
}

}  // namespace tokenizer
