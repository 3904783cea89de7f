#include "base/strings.h"
#include "base/utf8.h"
#include "chat/lexer.h"
#include "chat/text_search.h"
#include "chat/unicode.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

class Literal {
 public:
  explicit Literal(const Token& token) : token_(token), body_(token.text.substr(1, token.text.size() - 2)) {}

  Result<std::string> run() {
    while (at_ < body_.size()) {
      const size_t plain = std::min(body_.find('\\', at_), body_.size());
      out_.append(body_.substr(at_, plain - at_));
      at_ = plain;
      if (at_ < body_.size()) TRY(escape());
    }
    return std::move(out_);
  }

 private:
  auto error(const std::string& what) const {
    return fail(Code::corrupt, base::cat("line ", token_.line, ": ", what));
  }

  Status escape() {
    const char letter = at_ + 1 < body_.size() ? body_[at_ + 1] : '\\';
    at_ += 2;
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t i = kLetters.find(letter); i != std::string_view::npos) {
      out_.push_back(kMeanings[i]);
      return {};
    }
    if (letter == '\n') return {};  // a line break in the source that is none in the text
    if (letter == 'x') return hex(2);
    if (letter == 'u') return hex(4);
    if (letter == 'U') return hex(8);
    if (letter == 'N') return named();
    if (letter >= '0' && letter <= '7') return octal();
    out_.push_back('\\');
    --at_;  // the character itself stays, however many bytes it has
    out_.push_back(body_[at_++]);
    return {};
  }

  Status hex(size_t n_digits) {
    char32_t c = 0;
    for (size_t i = 0; i < n_digits; ++i, ++at_) {
      const char digit = at_ < body_.size() ? body_[at_] : ' ';
      const int value = digit >= '0' && digit <= '9'                     ? digit - '0'
                        : (digit | 0x20) >= 'a' && (digit | 0x20) <= 'f' ? (digit | 0x20) - 'a' + 10
                                                                         : -1;
      if (value < 0) return error("a string has an escape with too few hexadecimal digits");
      c = c * 16 + static_cast<char32_t>(value);
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
      return error("a string has an escape that is no character");
    base::append_utf8(out_, c);
    return {};
  }

  Status octal() {
    char32_t c = 0;
    --at_;
    for (int i = 0; i < 3 && at_ < body_.size() && body_[at_] >= '0' && body_[at_] <= '7'; ++i, ++at_)
      c = c * 8 + static_cast<char32_t>(body_[at_] - '0');
    base::append_utf8(out_, c);
    return {};
  }

  Status named() {
    const size_t close = body_.find('}', at_);
    if (at_ >= body_.size() || body_[at_] != '{' || close == std::string_view::npos)
      return error("a string has a \\N escape without {NAME}");
    const char32_t c = character_named(body_.substr(at_ + 1, close - at_ - 1));
    if (c == 0) return error("a string names a character that does not exist");
    base::append_utf8(out_, c);
    at_ = close + 1;
    return {};
  }

  const Token& token_;
  std::string_view body_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> string_literal(const Token& token) {
  return Literal(token).run();
}

}  // namespace chat
