#pragma once
// The small tokenizers of tests/data/tokenizers, and random text for tests of the tokenizer.
#include <gtest/gtest.h>
#include <unicode/uchar.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "tests/support/tokenizer_vectors.h"
#include "tokenizer/tokenizer.h"

namespace tests {

// One of the tokenizers in tests/data/tokenizers.
inline std::string small_tokenizer_json(const std::string& name) {
  return read_text(std::filesystem::path(DOMICILE_SOURCE_DIR) / "tests/data/tokenizers" / name /
                   "tokenizer.json");
}

inline std::unique_ptr<tokenizer::Tokenizer> small_tokenizer(const std::string& name) {
  auto loaded = tokenizer::Tokenizer::from_tokenizer_json(small_tokenizer_json(name));
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  return loaded ? std::move(*loaded) : nullptr;
}

// Random text with much of what tokenizers trip over: white space, apostrophes, digits, marks, every script.
class RandomText {
 public:
  explicit RandomText(uint32_t seed) : random_(seed) {}

  // Up to `max_characters` characters that Unicode had by version 14 (that of the test's second opinion).
  std::string next(size_t max_characters) {
    std::string text;
    for (size_t n = below(max_characters + 1); n > 0; --n) base::append_utf8(text, character());
    return text;
  }
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }

 private:
  char32_t character() {
    static constexpr char32_t kAwkward[] = {
        ' ',    ' ',    '\n',   '\r',   '\t',   '\'',    's',   'L',   'l',    'v',    'e',    '1',
        '9',    0xA0,   0x85,   0x180E, 0x3000, 0x2028,  0x17F, 0x301, 0x316,  0x4E2D, 0xAC00, 0x1100,
        0x1161, 0x11A8, 0xFF5C, 0x200D, 0xFE0F, 0x1F600, 0xBD,  0x661, 0x2167, '<',    '|',    '.'};
    if (below(3) > 0) return kAwkward[below(std::size(kAwkward))];
    for (;;) {
      const auto c = static_cast<char32_t>(below(below(4) == 0 ? 0x20000 : 0x3000));
      UVersionInfo age;
      u_charAge(static_cast<UChar32>(c), age);
      if (c > 0 && !U_IS_SURROGATE(c) && age[0] > 0 && age[0] <= 14) return c;
    }
  }
  std::mt19937 random_;
};

}  // namespace tests
