#include "chat/lexer.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/text_search.h"
#include "chat/unicode.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
bool is_name_byte(char c) {
  return is_ascii_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) TRY(text_and_tag());
    add(TokenType::end, at_, at_);
    return std::move(tokens_);
  }

 private:
  char peek(size_t offset = 0) const { return at_ + offset < source_.size() ? source_[at_ + offset] : '\0'; }
  bool starts_with(std::string_view text) const { return source_.substr(at_).starts_with(text); }

  void add(TokenType type, size_t begin, size_t end) {
    tokens_.push_back({type, source_.substr(begin, end - begin), line_});
  }

  // Moves on to `end`, counting lines.
  void move_to(size_t end) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  auto error(const std::string& what) const {
    return fail(Code::corrupt, base::cat("line ", line_, ": ", what));
  }

  size_t skip_blanks(size_t from) const {
    while (from < source_.size() && is_space(character_at(source_, from)))
      from += size_of_character(source_, from);
    return from;
  }

  // Text up to the next tag, then the tag.
  Status text_and_tag() {
    size_t tag = at_;
    while (true) {
      tag = find_first(source_, "{", tag);
      if (tag == kNotFound || tag + 1 >= source_.size()) {
        data(at_, source_.size());
        move_to(source_.size());
        return {};
      }
      const char next = source_[tag + 1];
      if (next == '%' || next == '{' || next == '#') break;
      ++tag;
    }
    const size_t text_begin = at_;
    const char kind = source_[tag + 1];
    const char sign = tag + 2 < source_.size() && (source_[tag + 2] == '-' || source_[tag + 2] == '+')
                          ? source_[tag + 2]
                          : ' ';
    data_before_tag(text_begin, tag, sign, /*may_strip_line=*/kind != '{');
    move_to(tag);
    const size_t inside = tag + (sign == ' ' ? 2 : 3);
    if (kind == '#') return comment(inside);
    if (kind == '%')
      if (const size_t raw = raw_begin(inside); raw != kNotFound) return raw_block(raw);
    add(kind == '%' ? TokenType::block_begin : TokenType::variable_begin, tag, inside);
    move_to(inside);
    line_starts_ = false;
    return tag_tokens(kind == '%');
  }

  void data(size_t begin, size_t end) {
    if (begin < end) add(TokenType::data, begin, end);
  }

  // '-' takes all blanks before the tag; otherwise blanks between the line's beginning and a block or comment
  // go.
  void data_before_tag(size_t begin, size_t end, char sign, bool may_strip_line) {
    const std::string_view text = source_.substr(begin, end - begin);
    if (sign == '-') {
      size_t stripped = end;
      while (stripped > begin) {
        const size_t size = size_of_character_before(source_, stripped);
        if (!is_space(character_at(source_, stripped - size))) break;
        stripped -= size;
      }
      return data(begin, stripped);
    }
    const size_t line_break = text.rfind('\n');
    const bool has_line = line_break != std::string_view::npos || line_starts_;
    const size_t line_begin = begin + (line_break == std::string_view::npos ? 0 : line_break + 1);
    const bool strip = sign != '+' && may_strip_line && has_line && skip_blanks_until(line_begin, end);
    data(begin, strip ? line_begin : end);
  }

  bool skip_blanks_until(size_t from, size_t end) const {
    while (from < end && is_space(character_at(source_, from))) from += size_of_character(source_, from);
    return from >= end;
  }

  // The end of a block or comment: "+%}" keeps what follows, "-%}" takes all blanks, "%}" one line break.
  // `close` is where the closing mark begins ("%}" or "#}").
  void end_tag(size_t close, char sign) {
    size_t end = close + 2;
    if (sign == '-')
      end = skip_blanks(end);
    else if (sign != '+' && end < source_.size() && source_[end] == '\n')
      ++end;
    line_starts_ = source_[end - 1] == '\n';
    move_to(end);
  }

  Status comment(size_t inside) {
    if (inside >= source_.size()) {
      move_to(source_.size());  // as Jinja, which lets a template end in "{#"
      return {};
    }
    const size_t close = find_first(source_, "#}", inside);
    if (close == kNotFound) return error("comment without '#}'");
    const char before = close > inside ? source_[close - 1] : ' ';
    end_tag(close, before);
    return {};
  }

  // After "{%": if this is "raw %}", where the raw text begins.
  size_t raw_begin(size_t inside) const {
    size_t at = skip_blanks(inside);
    if (!source_.substr(at).starts_with("raw")) return kNotFound;
    at = skip_blanks(at + 3);
    if (source_.substr(at).starts_with("%}")) return at + 2;
    if (source_.substr(at).starts_with("-%}")) return skip_blanks(at + 3);
    return kNotFound;
  }

  Status raw_block(size_t begin) {
    move_to(begin);
    line_starts_ = source_[begin - 1] == '\n';
    if (begin >= source_.size()) return {};
    for (size_t tag = begin; (tag = find_first(source_, "{%", tag)) != kNotFound; ++tag) {
      size_t at = tag + 2;
      const char sign = at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at] : ' ';
      at = skip_blanks(sign == ' ' ? at : at + 1);
      if (!source_.substr(at).starts_with("endraw")) continue;
      at = skip_blanks(at + 6);
      const char end_sign =
          at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at] : ' ';
      if (end_sign != ' ') ++at;
      if (!source_.substr(at).starts_with("%}")) continue;
      data_before_tag(begin, tag, sign, /*may_strip_line=*/true);
      end_tag(at, end_sign);
      return {};
    }
    return error("raw block without 'endraw'");
  }

  // Tokens up to the end of a {% %} or {{ }}. Its closing mark counts only outside brackets.
  Status tag_tokens(bool block) {
    std::string brackets;
    while (true) {
      move_to(skip_blanks(at_));
      if (at_ >= source_.size()) return {};  // the parser meets `end`
      if (brackets.empty() && try_end(block)) return {};
      if (peek() == '"' || peek() == '\'')
        TRY(string());
      else if (is_ascii_digit(peek()))
        number();
      else if (is_name_byte(peek()) || (peek() & 0x80) != 0)
        TRY(name());
      else
        TRY(symbol(brackets));
    }
  }

  bool try_end(bool block) {
    const std::string_view mark = block ? "%}" : "}}";
    const char sign = peek() == '-' || (block && peek() == '+') ? peek() : ' ';
    const size_t close = at_ + (sign == ' ' ? 0 : 1);
    if (!source_.substr(close).starts_with(mark)) return false;
    add(block ? TokenType::block_end : TokenType::variable_end, at_, close + 2);
    if (block) {
      end_tag(close, sign);
    } else {
      const size_t end = sign == '-' ? skip_blanks(close + 2) : close + 2;
      line_starts_ = source_[end - 1] == '\n';
      move_to(end);
    }
    return true;
  }

  Status string() {
    const char quote = peek();
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return error("string without closing quote");
    add(TokenType::string, at_, end + 1);
    move_to(end + 1);
    return {};
  }

  // Digits with single '_' between them, from `at`; returns where they end.
  template <class IsDigit>
  size_t digits(size_t at, IsDigit is_digit) const {
    const auto digit_at = [&](size_t i) { return i < source_.size() && is_digit(source_[i]); };
    while (digit_at(at) || (at < source_.size() && source_[at] == '_' && digit_at(at + 1))) ++at;
    return at;
  }

  void number() {
    const char base = static_cast<char>(peek(1) | 0x20);
    const auto is_digit_of_base = [base](char c) {
      return base == 'x' ? is_hex_digit(c) : base == 'o' ? c >= '0' && c <= '7' : c == '0' || c == '1';
    };
    if (peek() == '0' && (base == 'x' || base == 'o' || base == 'b'))
      if (const size_t end = digits(at_ + 2, is_digit_of_base); end > at_ + 2)
        return finish_number(TokenType::integer, end);
    const size_t whole = digits(at_, is_ascii_digit);
    // "a.1.2" has two integers after its dots, not a float.
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
    const size_t end = after_dot ? whole : float_end(whole);
    if (end > whole) return finish_number(TokenType::floating, end);
    finish_number(TokenType::integer, peek() == '0' ? digits(at_, [](char c) { return c == '0'; }) : whole);
  }

  // Fraction and exponent behind the whole part; `whole` if there is neither.
  size_t float_end(size_t whole) const {
    size_t end = whole;
    if (end + 1 < source_.size() && source_[end] == '.' && is_ascii_digit(source_[end + 1]))
      end = digits(end + 1, is_ascii_digit);
    if (end < source_.size() && (source_[end] | 0x20) == 'e') {
      size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
      if (exponent < source_.size() && is_ascii_digit(source_[exponent]))
        end = digits(exponent, is_ascii_digit);
    }
    return end;
  }

  void finish_number(TokenType type, size_t end) {
    add(type, at_, end);
    move_to(end);
  }

  Status name() {
    size_t end = at_;
    while (end < source_.size()) {
      const char32_t c = character_at(source_, end);
      const bool belongs = c < 0x80     ? is_name_byte(source_[end])
                           : end == at_ ? starts_identifier(c)
                                        : continues_identifier(c);
      if (!belongs) break;
      end += size_of_character(source_, end);
    }
    if (end == at_) return unexpected();
    add(TokenType::name, at_, end);
    move_to(end);
    return {};
  }

  Status unexpected() const {
    const size_t size = size_of_character(source_, at_);
    return error(base::cat("unexpected '", base::printable(source_.substr(at_, size)), "'"));
  }

  Status symbol(std::string& brackets) {
    constexpr std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
    constexpr std::string_view kOne = "+-/*%~[](){}><=.:|,;";
    for (std::string_view two : kTwo)
      if (starts_with(two)) {
        add(TokenType::symbol, at_, at_ + 2);
        at_ += 2;
        return {};
      }
    const char c = peek();
    if (kOne.find(c) == std::string_view::npos) return unexpected();
    if (c == '(' || c == '[' || c == '{') brackets.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty()) return unexpected();
      if (brackets.back() != c)
        return error(base::cat("unexpected '", c, "', expected '", brackets.back(), "'"));
      brackets.pop_back();
    }
    add(TokenType::symbol, at_, at_ + 1);
    ++at_;
    return {};
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_starts_ = true;  // what was read last ended a line
  std::vector<Token> tokens_;
};

}  // namespace

std::string normalize_lines(std::string_view source) {
  std::string result;
  result.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      result.push_back(source[i]);
      continue;
    }
    result.push_back('\n');
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (result.ends_with('\n')) result.pop_back();
  return result;
}

Result<std::vector<Token>> tokenize(std::string_view normalized_source) {
  return Lexer(normalized_source).run();
}

}  // namespace chat
