#pragma once
// UTF-8: checking, decoding with replacement, encoding.
//
// "Replacement" is everywhere the same: each maximal subpart of an ill-formed sequence becomes one U+FFFD
// (Unicode chapter 3; what the WHATWG decoder, Rust's from_utf8_lossy and Python's errors="replace" do).
#include <cstdint>
#include <string>
#include <string_view>

namespace base {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

bool is_valid_utf8(std::string_view text);

// One step of decoding at text[offset]. `size` is the number of bytes taken, at least 1.
struct Utf8Step {
  char32_t code_point;  // U+FFFD if !valid
  int size;
  bool valid;
};
// REQUIRES: offset < text.size().
Utf8Step decode_utf8(std::string_view text, size_t offset);

void append_utf8(std::string& out, char32_t code_point);

// `bytes` as valid UTF-8, ill-formed parts replaced.
std::string to_valid_utf8(std::string_view bytes);

// Feeds bytes in any cut and gives out whole characters as soon as they are certain: a complete character at
// once, U+FFFD as soon as a byte makes a character impossible. Holds back at most three bytes.
class Utf8Assembler {
 public:
  // Appends to `out` what became certain.
  void push(std::string_view bytes, std::string& out);
  // Ends the text: bytes still held become one U+FFFD.
  void finish(std::string& out);
  bool holds_bytes() const { return n_held_ > 0; }

 private:
  char held_[4] = {};
  int n_held_ = 0;
};

// `text` for a terminal or log: control characters (C0, DEL, C1), ill-formed bytes, bidirectional controls
// and line separators become \n, \t, \xNN or \u{NNNN}; cut with "…" after `max_bytes`.
std::string printable(std::string_view text, size_t max_bytes = 200);

}  // namespace base
