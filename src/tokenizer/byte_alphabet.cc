#include "tokenizer/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace tokenizer {
namespace {

constexpr char32_t kAlphabetEnd = 0x100 + 68;  // one past the largest code point of the alphabet

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<uint16_t, 256> code_points() {
  std::array<uint16_t, 256> table{};
  uint16_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte)
    table[static_cast<size_t>(byte)] = stands_for_itself(byte) ? static_cast<uint16_t>(byte) : next++;
  return table;
}

constexpr std::array<uint16_t, 256> kCodePointOfByte = code_points();

constexpr std::array<int16_t, kAlphabetEnd> bytes_of_code_points() {
  std::array<int16_t, kAlphabetEnd> table{};
  table.fill(-1);
  for (size_t byte = 0; byte < 256; ++byte) table[kCodePointOfByte[byte]] = static_cast<int16_t>(byte);
  return table;
}

constexpr std::array<int16_t, kAlphabetEnd> kByteOfCodePoint = bytes_of_code_points();

}  // namespace

void append_byte_spelling(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const uint16_t code_point = kCodePointOfByte[static_cast<unsigned char>(c)];
    if (code_point < 0x80) {
      out += static_cast<char>(code_point);
    } else {
      out += static_cast<char>(0xC0 | code_point >> 6);
      out += static_cast<char>(0x80 | (code_point & 0x3F));
    }
  }
}

bool append_spelled_bytes(std::string& out, std::string_view spelling) {
  const size_t size_before = out.size();
  for (size_t i = 0; i < spelling.size();) {
    const base::Utf8Step step = base::decode_utf8(spelling, i);
    if (!step.valid || step.code_point >= kAlphabetEnd || kByteOfCodePoint[step.code_point] < 0) {
      out.resize(size_before);
      return false;
    }
    out += static_cast<char>(kByteOfCodePoint[step.code_point]);
    i += static_cast<size_t>(step.size);
  }
  return true;
}

}  // namespace tokenizer
