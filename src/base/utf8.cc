#include "base/utf8.h"

#include <cstring>

namespace base {
namespace {

// What a lead byte promises: the bytes that follow it and the range of the first of them, which keeps out
// overlong forms, surrogates and code points past U+10FFFF (Unicode, table 3-7).
struct Lead {
  int n_following;  // -1: no character begins so
  uint8_t first_min, first_max;
};

Lead lead_of(uint8_t byte) {
  if (byte < 0x80) return {0, 0, 0};
  if (byte < 0xC2) return {-1, 0, 0};
  if (byte < 0xE0) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte < 0xF0) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte < 0xF4) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {-1, 0, 0};
}

// The first `n` bytes that are ASCII for certain, in steps of eight.
size_t ascii_run(std::string_view text, size_t from) {
  size_t at = from;
  while (at + 8 <= text.size()) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (word & 0x8080808080808080u) break;
    at += 8;
  }
  return at - from;
}

enum class Prefix { complete, incomplete, impossible };

// What `n` bytes from `bytes` are as the beginning of a character.
Prefix classify(const char* bytes, int n) {
  const Lead lead = lead_of(static_cast<uint8_t>(bytes[0]));
  if (lead.n_following < 0) return Prefix::impossible;
  for (int i = 1; i < n; ++i) {
    const uint8_t byte = static_cast<uint8_t>(bytes[i]);
    const uint8_t min = i == 1 ? lead.first_min : 0x80;
    const uint8_t max = i == 1 ? lead.first_max : 0xBF;
    if (byte < min || byte > max) return Prefix::impossible;
  }
  return n == lead.n_following + 1 ? Prefix::complete : Prefix::incomplete;
}

bool is_bidi_or_separator(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

void append_hex(std::string& out, uint32_t value, int min_digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  int n_digits = min_digits;
  while (n_digits < 8 && (value >> (4 * n_digits)) != 0) ++n_digits;
  for (int i = n_digits - 1; i >= 0; --i) out += kDigits[(value >> (4 * i)) & 0xF];
}

// One step of printable(): the text of what stands at `offset`.
std::string printable_step(std::string_view text, size_t offset, const Utf8Step& step) {
  const char32_t c = step.code_point;
  std::string out;
  if (!step.valid) {
    for (int i = 0; i < step.size; ++i) {
      out += "\\x";
      append_hex(out, static_cast<uint8_t>(text[offset + i]), 2);
    }
  } else if (c == '\n') {
    out = "\\n";
  } else if (c == '\t') {
    out = "\\t";
  } else if (c < 0x20 || c == 0x7F) {
    out = "\\x";
    append_hex(out, c, 2);
  } else if ((c >= 0x80 && c < 0xA0) || is_bidi_or_separator(c)) {
    out = "\\u{";
    append_hex(out, c, 4);
    out += '}';
  } else {
    out = text.substr(offset, step.size);
  }
  return out;
}

}  // namespace

Utf8Step decode_utf8(std::string_view text, size_t offset) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[offset + i]); };
  const Lead lead = lead_of(at(0));
  if (lead.n_following == 0) return {at(0), 1, true};
  if (lead.n_following < 0) return {kReplacementCharacter, 1, false};
  char32_t code_point = at(0) & (0x3F >> lead.n_following);
  for (int i = 1; i <= lead.n_following; ++i) {
    const uint8_t min = i == 1 ? lead.first_min : 0x80;
    const uint8_t max = i == 1 ? lead.first_max : 0xBF;
    if (offset + i >= text.size() || at(i) < min || at(i) > max) return {kReplacementCharacter, i, false};
    code_point = (code_point << 6) | (at(i) & 0x3F);
  }
  return {code_point, lead.n_following + 1, true};
}

bool is_valid_utf8(std::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
    if (const size_t ascii = ascii_run(text, offset)) {
      offset += ascii;
      continue;
    }
    const Utf8Step step = decode_utf8(text, offset);
    if (!step.valid) return false;
    offset += step.size;
  }
  return true;
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = kReplacementCharacter;
  const auto trail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    trail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    trail(6), trail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    trail(12), trail(6), trail(0);
  }
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t offset = 0; offset < bytes.size();) {
    if (const size_t ascii = ascii_run(bytes, offset)) {
      out += bytes.substr(offset, ascii);
      offset += ascii;
      continue;
    }
    const Utf8Step step = decode_utf8(bytes, offset);
    append_utf8(out, step.code_point);
    offset += step.size;
  }
  return out;
}

void Utf8Assembler::push(std::string_view bytes, std::string& out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (n_held_ == 0) {
      if (const size_t ascii = ascii_run(bytes, i)) {
        out += bytes.substr(i, ascii);
        i += ascii - 1;
        continue;
      }
    }
    held_[n_held_++] = bytes[i];
    switch (classify(held_, n_held_)) {
      case Prefix::complete:
        out.append(held_, n_held_);
        n_held_ = 0;
        break;
      case Prefix::incomplete:
        break;
      case Prefix::impossible:
        append_utf8(out, kReplacementCharacter);
        // The byte that broke a begun character is not part of it and is looked at again.
        if (n_held_ > 1) --i;
        n_held_ = 0;
        break;
    }
  }
}

void Utf8Assembler::finish(std::string& out) {
  if (n_held_ > 0) append_utf8(out, kReplacementCharacter);
  n_held_ = 0;
}

std::string printable(std::string_view text, size_t max_bytes) {
  std::string out;
  for (size_t offset = 0; offset < text.size();) {
    const Utf8Step step = decode_utf8(text, offset);
    const std::string part = printable_step(text, offset, step);
    if (out.size() + part.size() > max_bytes) return out + "…";
    out += part;
    offset += step.size;
  }
  return out;
}

}  // namespace base
