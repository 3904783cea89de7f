#pragma once
// The part of JSON that safetensors headers use: objects, strings, arrays of non-negative integers.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace model_files::safetensors {

class HeaderJson {
 public:
  explicit HeaderJson(std::string_view text) : text_(text) {}

  // Takes `c`, after blanks, or fails.
  base::Status expect(char c);
  // Takes `c`, after blanks, if it comes next.
  bool accept(char c);
  // A string literal with its escapes resolved.
  base::Result<std::string> string();
  // An integer of 0..INT64_MAX without sign, fraction, exponent or leading zero.
  base::Result<int64_t> integer();
  // Nothing but spaces may follow.
  base::Status finish() const;

  // "at byte 17 of the header"
  std::unexpected<base::Error> error(std::string_view what) const;

 private:
  void skip_blanks();
  base::Result<char32_t> hex4();
  base::Result<char32_t> unicode_escape();
  base::Status escape(std::string& out);

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace model_files::safetensors
