// From the regular expressions of tokenizer.json files to PCRE2's.
//
// The two agree on most of what tokenizers use. What they spell alike but mean differently is rewritten
// (white space, word characters, hexadecimal digits, \v) or refused (nested classes, possessive counts, word
// borders).
#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/regex_splitter.h"

namespace tokenizer {
namespace {

// PCRE2's own \s also has U+180E, which is no White_Space any more.
constexpr std::string_view kSpaces =
    R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNotSpaces =
    R"(\x00-\x08\x0E-\x1F!-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E})"
    R"(\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
// PCRE2's own \w lacks marks and connectors.
constexpr std::string_view kWordCharacters = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  base::Result<std::string> run() {
    while (i_ < in_.size()) TRY(one(in_[i_]));
    return std::move(out_);
  }

 private:
  bool next_is(std::string_view text) const { return in_.substr(i_).starts_with(text); }
  void copy(size_t n) {
    out_ += in_.substr(i_, n);
    i_ += n;
  }
  base::Status refuse(std::string_view what) const {
    return base::fail(base::Code::unsupported, base::cat("the pattern '", base::printable(in_, 80), "' uses ",
                                                         what, ", which is not supported"));
  }

  base::Status one(char c) {
    if (c == '\\') return escape(/*in_class=*/false);
    if (c == '[') return character_class();
    if (next_is("(?")) return group();
    if (next_is("{,")) return refuse("a count without a lower bound");
    if (next_is("}+")) return refuse("a '+' after a count");
    copy(1);
    return {};
  }

  base::Status group() {
    for (const std::string_view opening : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?i)"}) {
      if (!next_is(opening)) continue;
      copy(opening.size());
      return {};
    }
    return refuse(base::cat("the group '", base::printable(in_.substr(i_, 4), 20), "'"));
  }

  base::Status character_class() {
    copy(next_is("[^") ? 2 : 1);
    if (i_ < in_.size() && in_[i_] == ']') copy(1);  // a bracket in first place stands for itself
    while (i_ < in_.size() && in_[i_] != ']') {
      if (in_[i_] == '\\') {
        TRY(escape(/*in_class=*/true));
        continue;
      }
      if (in_[i_] == '[') return refuse("a class within a class");
      if (next_is("&&")) return refuse("an intersection of classes");
      copy(1);
    }
    if (i_ < in_.size()) copy(1);
    return {};
  }

  // Replaces the escape of two characters by a set of characters.
  base::Status set(std::string_view members, bool in_class, bool negated = false) {
    out_ += in_class ? std::string(members) : base::cat(negated ? "[^" : "[", members, "]");
    i_ += 2;
    return {};
  }

  base::Status escape(bool in_class) {
    const char c = i_ + 1 < in_.size() ? in_[i_ + 1] : '\0';
    switch (c) {
      case 's':
        return set(kSpaces, in_class);
      case 'S':
        return set(kNotSpaces, in_class);
      case 'w':
        return set(kWordCharacters, in_class);
      case 'd':
        return set("\\p{Nd}", in_class);
      case 'h':
        return set("0-9a-fA-F", in_class);
      case 'v':
        return set("\\x0B", in_class);
      case 'W':
        return in_class ? refuse("'\\W' in a class") : set(kWordCharacters, in_class, /*negated=*/true);
      case 'D':
        return set("\\P{Nd}", in_class);
      case 'u':
        return unicode_escape();
      default:
        return plain_escape(c, in_class);
    }
  }

  // \uHHHH
  base::Status unicode_escape() {
    const std::string_view digits = in_.substr(i_ + 2, 4);
    if (digits.size() != 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
      return refuse("a '\\u' without four digits");
    out_ += base::cat("\\x{", digits, "}");
    i_ += 6;
    return {};
  }

  // Escapes that both dialects read alike, with what stands in braces behind \p and \x.
  base::Status plain_escape(char c, bool in_class) {
    const bool letter_or_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const std::string_view known = in_class ? "pPrntfaex" : "pPrntfaexAzZ";
    if (c == '\0' || (letter_or_digit && known.find(c) == std::string_view::npos))
      return refuse(base::cat("the escape '", base::printable(in_.substr(i_, 2), 20), "'"));
    copy(2);
    const bool takes_braces = c == 'p' || c == 'P' || c == 'x';
    if (takes_braces && next_is("{")) copy(std::min(in_.find('}', i_), in_.size() - 1) + 1 - i_);
    return {};
  }

  std::string_view in_;
  size_t i_ = 0;
  std::string out_;
};

}  // namespace

base::Result<std::string> translate_pattern(std::string_view oniguruma_pattern) {
  return Translator(oniguruma_pattern).run();
}

}  // namespace tokenizer
