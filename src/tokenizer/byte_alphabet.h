#pragma once
// The 256 printable characters in which byte-level vocabularies spell bytes.
//
//   bytes 21-7E, A1-AC, AE-FF   themselves (as code points)
//   the other 68, in order      U+0100, U+0101, ... (so a space is U+0120 "Ġ", a newline U+010A "Ċ")
#include <string>
#include <string_view>

namespace tokenizer {

void append_byte_spelling(std::string& out, std::string_view bytes);

// Appends the bytes that `spelling` stands for. If a character of it is not of the alphabet, returns false
// and leaves `out` as it was.
bool append_spelled_bytes(std::string& out, std::string_view spelling);

}  // namespace tokenizer
