#include "base/utf8.h"

#include <gtest/gtest.h>

#include <vector>

namespace base {
namespace {

constexpr const char* kBad = "\xEF\xBF\xBD";

std::string assembled(std::string_view bytes, size_t cut) {
  Utf8Assembler assembler;
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += cut) assembler.push(bytes.substr(at, cut), out);
  assembler.finish(out);
  return out;
}

TEST(Utf8, KnowsWhatIsValid) {
  for (const char* text :
       {"", "plain", "é", "日本語", "😀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE3\x81", "12345678\x80", "a\xC3(b"})
    EXPECT_FALSE(is_valid_utf8(text));
}

TEST(Utf8, EncodesAndDecodesEveryCharacter) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    const Utf8Step step = decode_utf8(text, 0);
    ASSERT_TRUE(step.valid && step.code_point == c && step.size == static_cast<int>(text.size()))
        << static_cast<uint32_t>(c);
  }
  std::string surrogate;
  append_utf8(surrogate, 0xD800);
  EXPECT_EQ(surrogate, kBad);
}

struct Case {
  std::string bytes;
  int n_replacements;
};

// The standard's own examples (Unicode 15, tables 3-8 to 3-11) and their kin.
const std::vector<Case>& ill_formed() {
  static const std::vector<Case> cases = {
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82", 8},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF", 8},
      {"\xF4\x91\x92\x93\xFF\x80\xBF", 7},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF", 4},
      {"\xF0\x9F\x98", 1},
      {"\xE3\x81\xE3\x81", 2},
  };
  return cases;
}

TEST(Utf8, ReplacesMaximalSubparts) {
  for (const Case& c : ill_formed()) {
    std::string expected;
    for (int i = 0; i < c.n_replacements; ++i) expected += kBad;
    EXPECT_EQ(to_valid_utf8(c.bytes), expected);
    EXPECT_EQ(to_valid_utf8("long plain text " + c.bytes + "A"), "long plain text " + expected + "A");
  }
}

TEST(Utf8, TheAssemblerGivesTheSameForEveryCut) {
  std::string all = "ascii long enough é日本😀";
  for (const Case& c : ill_formed()) all += c.bytes + "x" + c.bytes + "日";
  for (size_t cut = 1; cut < 20; ++cut) EXPECT_EQ(assembled(all, cut), to_valid_utf8(all)) << cut;
}

TEST(Utf8, TheAssemblerSpeaksAsSoonAsItIsCertain) {
  Utf8Assembler assembler;
  std::string out;
  assembler.push("\xF0\x9F\x98", out);
  EXPECT_EQ(out, "");
  EXPECT_TRUE(assembler.holds_bytes());
  assembler.push("\x80", out);
  EXPECT_EQ(out, "😀");
  EXPECT_FALSE(assembler.holds_bytes());
  assembler.push("\xE3(", out);
  EXPECT_EQ(out, std::string("😀") + kBad + "(");
}

TEST(Utf8, PrintableShowsWhatWouldActOnATerminal) {
  EXPECT_EQ(printable("a\n\t\x1b[0m\x7f\xC2\x85\xE2\x80\xAEz\xFF日"),
            "a\\n\\t\\x1b[0m\\x7f\\u{0085}\\u{202e}z\\xff日");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("ab日本", 4), "ab…");
  EXPECT_EQ(printable("abc", 3), "abc");
}

}  // namespace
}  // namespace base
