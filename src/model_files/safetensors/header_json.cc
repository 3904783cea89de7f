#include "model_files/safetensors/header_json.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"

namespace model_files::safetensors {

void HeaderJson::skip_blanks() {
  position_ = std::min(text_.find_first_not_of(" \t\n\r", position_), text_.size());
}

std::unexpected<base::Error> HeaderJson::error(std::string_view what) const {
  return base::fail(base::Code::corrupt, base::cat("header: ", what, " at byte ", position_));
}

bool HeaderJson::accept(char c) {
  skip_blanks();
  if (position_ == text_.size() || text_[position_] != c) return false;
  ++position_;
  return true;
}

base::Status HeaderJson::expect(char c) {
  if (accept(c)) return {};
  return error(base::cat("'", c, "' expected"));
}

base::Result<std::string> HeaderJson::string() {
  TRY(expect('"'));
  std::string out;
  for (;;) {
    // Up to the next quote, escape or control character in one piece.
    const size_t start = position_;
    while (position_ < text_.size() && text_[position_] != '"' && text_[position_] != '\\' &&
           static_cast<unsigned char>(text_[position_]) >= 0x20)
      ++position_;
    out += text_.substr(start, position_ - start);
    if (position_ == text_.size()) return error("a string does not end");
    const char c = text_[position_++];
    if (c == '"') return out;
    if (c != '\\') return error("a control character inside a string");
    TRY(escape(out));
  }
}

base::Status HeaderJson::escape(std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  if (position_ == text_.size()) return error("a string does not end");
  const char letter = text_[position_++];
  if (letter == 'u') {
    base::append_utf8(out, TRY(unicode_escape()));
    return {};
  }
  const size_t index = kLetters.find(letter);
  if (index == std::string_view::npos) return error("an unknown escape inside a string");
  out += kMeanings[index];
  return {};
}

base::Result<char32_t> HeaderJson::hex4() {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i, ++position_) {
    const char c = position_ < text_.size() ? text_[position_] : '\0';
    const size_t digit =
        std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (digit == std::string_view::npos) return error("\\u without four hexadecimal digits");
    value = value * 16 + static_cast<char32_t>(digit);
  }
  return value;
}

base::Result<char32_t> HeaderJson::unicode_escape() {
  const char32_t first = TRY(hex4());
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (first > 0xDBFF || text_.substr(position_, 2) != "\\u") return error("half a surrogate pair");
  position_ += 2;
  const char32_t second = TRY(hex4());
  if (second < 0xDC00 || second > 0xDFFF) return error("half a surrogate pair");
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

base::Result<int64_t> HeaderJson::integer() {
  skip_blanks();
  const size_t start = position_;
  while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') ++position_;
  const std::string_view digits = text_.substr(start, position_ - start);
  const char next = position_ < text_.size() ? text_[position_] : '\0';
  if (digits.empty() || next == '.' || next == 'e' || next == 'E')
    return error("no whole number of 0 or more");
  if (digits.size() > 1 && digits[0] == '0') return error("a number with a leading zero");
  const auto value = base::parse_int(digits);
  if (!value) return error("a number that is too large");
  return *value;
}

base::Status HeaderJson::finish() const {
  if (text_.find_first_not_of(' ', position_) == std::string_view::npos) return {};
  return error("something other than spaces after the object");
}

}  // namespace model_files::safetensors
