#pragma once
// What Python's str methods ask about single characters, answered by ICU.
#include <string>
#include <string_view>

namespace chat {

bool is_space(char32_t c);      // str.isspace
bool is_printable(char32_t c);  // shown by repr() as it is
bool is_alphabetic(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_title(char32_t c);
bool is_cased(char32_t c);
bool is_case_ignorable(char32_t c);
bool starts_identifier(char32_t c);
bool continues_identifier(char32_t c);

enum class Casing { upper, lower, title, fold };
// What one character becomes, which may be several ("ß" is "SS" in upper case), appended as UTF-8. A capital
// sigma becomes a small one in the middle of a word: the caller knows the context and writes the final form
// itself.
void append_cased(std::string& out, char32_t c, Casing casing);

// The character of that Unicode name, or 0.
char32_t character_named(std::string_view name);

// Text for number parsing: blanks at both ends gone, decimal digits of any script as ASCII.
std::string ascii_number(std::string_view text);

}  // namespace chat
