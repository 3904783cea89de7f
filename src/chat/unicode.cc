#include "chat/unicode.h"

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

namespace chat {

namespace {

UChar32 icu(char32_t c) {
  return static_cast<UChar32>(c);
}

bool has_category(char32_t c, uint32_t mask) {
  return (U_GET_GC_MASK(icu(c)) & mask) != 0;
}

using FullMapping = int32_t (*)(UChar*, int32_t, const UChar*, int32_t, const char*, UErrorCode*);

int32_t fold(UChar* out, int32_t capacity, const UChar* in, int32_t size, const char*, UErrorCode* error) {
  return u_strFoldCase(out, capacity, in, size, U_FOLD_CASE_DEFAULT, error);
}
int32_t to_title(UChar* out, int32_t capacity, const UChar* in, int32_t size, const char* locale,
                 UErrorCode* error) {
  return u_strToTitle(out, capacity, in, size, nullptr, locale, error);
}

UChar32 simple_mapping(UChar32 c, Casing casing) {
  switch (casing) {
    case Casing::upper:
      return u_toupper(c);
    case Casing::lower:
      return u_tolower(c);
    case Casing::title:
      return u_totitle(c);
    case Casing::fold:
      return u_foldCase(c, U_FOLD_CASE_DEFAULT);
  }
  return c;
}

FullMapping full_mapping(Casing casing) {
  switch (casing) {
    case Casing::upper:
      return u_strToUpper;
    case Casing::lower:
      return u_strToLower;
    case Casing::title:
      return to_title;
    case Casing::fold:
      return fold;
  }
  return u_strToUpper;
}

// ICU's full mappings take strings and open a break iterator for titles, so only characters for which some
// mapping differs from the simple one go there. Final sigma is the only mapping that looks around.
bool has_special_mapping(char32_t c) {
  if (c < 0xDF || c == 0x3A3) return false;
  UChar in[2], out[16];
  int32_t size = 0;
  U16_APPEND_UNSAFE(in, size, icu(c));
  UErrorCode error = U_ZERO_ERROR;
  const int32_t upper = u_strToUpper(out, 16, in, size, "", &error);
  const int32_t folded = u_strFoldCase(out, 16, in, size, U_FOLD_CASE_DEFAULT, &error);
  return upper > size || folded > size || c == 0x130;
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_printable(char32_t c) {
  if (c < 0x7F) return c >= 0x20;
  return !has_category(c, U_GC_C_MASK | U_GC_Z_MASK);
}

bool is_alphabetic(char32_t c) {
  return has_category(c, U_GC_L_MASK);
}
bool is_decimal(char32_t c) {
  return has_category(c, U_GC_ND_MASK);
}
bool is_digit(char32_t c) {
  const int type = u_getIntPropertyValue(icu(c), UCHAR_NUMERIC_TYPE);
  return type == U_NT_DECIMAL || type == U_NT_DIGIT;
}
bool is_numeric(char32_t c) {
  return u_getIntPropertyValue(icu(c), UCHAR_NUMERIC_TYPE) != U_NT_NONE ||
         u_getNumericValue(icu(c)) != U_NO_NUMERIC_VALUE;
}
bool is_upper(char32_t c) {
  return u_hasBinaryProperty(icu(c), UCHAR_UPPERCASE);
}
bool is_lower(char32_t c) {
  return u_hasBinaryProperty(icu(c), UCHAR_LOWERCASE);
}
bool is_title(char32_t c) {
  return has_category(c, U_GC_LT_MASK);
}
bool is_cased(char32_t c) {
  return u_hasBinaryProperty(icu(c), UCHAR_CASED);
}
bool is_case_ignorable(char32_t c) {
  return u_hasBinaryProperty(icu(c), UCHAR_CASE_IGNORABLE);
}
bool starts_identifier(char32_t c) {
  return c == '_' || u_hasBinaryProperty(icu(c), UCHAR_XID_START);
}
bool continues_identifier(char32_t c) {
  return c == '_' || u_hasBinaryProperty(icu(c), UCHAR_XID_CONTINUE);
}

void append_cased(std::string& out, char32_t c, Casing casing) {
  if (!has_special_mapping(c)) {
    base::append_utf8(out, static_cast<char32_t>(simple_mapping(icu(c), casing)));
    return;
  }
  UChar in[2], mapped[16];
  int32_t size = 0;
  U16_APPEND_UNSAFE(in, size, icu(c));
  UErrorCode error = U_ZERO_ERROR;
  const int32_t n_units = full_mapping(casing)(mapped, 16, in, size, "", &error);
  if (U_FAILURE(error)) return base::append_utf8(out, c);
  for (int32_t i = 0; i < n_units;) {
    UChar32 one;
    U16_NEXT(mapped, i, n_units, one);
    base::append_utf8(out, static_cast<char32_t>(one));
  }
}

char32_t character_named(std::string_view name) {
  UErrorCode error = U_ZERO_ERROR;
  const UChar32 c = u_charFromName(U_EXTENDED_CHAR_NAME, std::string(name).c_str(), &error);
  if (U_SUCCESS(error)) return static_cast<char32_t>(c);
  error = U_ZERO_ERROR;
  const UChar32 alias = u_charFromName(U_CHAR_NAME_ALIAS, std::string(name).c_str(), &error);
  return U_SUCCESS(error) ? static_cast<char32_t>(alias) : 0;
}

std::string ascii_number(std::string_view text) {
  std::u32string characters;
  for (size_t at = 0; at < text.size();) {
    const base::Utf8Step step = base::decode_utf8(text, at);
    characters.push_back(step.code_point);
    at += static_cast<size_t>(step.size);
  }
  while (!characters.empty() && is_space(characters.back())) characters.pop_back();
  size_t first = 0;
  while (first < characters.size() && is_space(characters[first])) ++first;
  std::string result;
  for (char32_t c : std::u32string_view(characters).substr(first)) {
    if (c < 0x80)
      result.push_back(static_cast<char>(c));
    else if (is_decimal(c))
      result.push_back(static_cast<char>('0' + u_charDigitValue(icu(c))));
    else
      result.push_back('?');  // no number has one
  }
  return result;
}

}  // namespace chat
