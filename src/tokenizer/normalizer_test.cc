#include "tokenizer/normalizer.h"

#include <gtest/gtest.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <chrono>

#include "tests/support/small_tokenizers.h"
namespace tokenizer {
namespace {

std::string nfc_by_utf16(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  std::string result;
  icu::Normalizer2::getNFCInstance(error)
      ->normalize(icu::UnicodeString::fromUTF8(text), error)
      .toUTF8String(result);
  return result;
}

base::Result<Normalization> parse(std::string_view json) {
  const base::Json normalizer = *base::Json::parse(json);
  return parse_normalizer(&normalizer);
}

TEST(Normalizer, NfcComposesWhatWasTypedInParts) {
  EXPECT_EQ(normalize(Normalization::nfc, "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165"), "한국어");
  EXPECT_EQ(normalize(Normalization::nfc, "Nga\u0302n ha\u0300ng"), "Ngân hàng");
  EXPECT_EQ(normalize(Normalization::none, "a\u0300"), "a\u0300");
}

// Runs of up to 200 marks: those beyond 64 go through the project's own sorting.
TEST(Normalizer, LongRunsOfMarksComeOutAsIcuHasThem) {
  static constexpr char32_t kMarks[] = {0x300, 0x316, 0x345,  0x344,   0xF73,
                                        0xF71, 0x5B0, 0x3099, 0x1D165, 0x20D0};
  tests::RandomText random(3);
  for (int i = 0; i < 400; ++i) {
    std::string text = random.next(6);
    for (size_t n = random.below(200); n > 0; --n)
      base::append_utf8(text, kMarks[random.below(std::size(kMarks))]);
    text += random.next(6);
    ASSERT_EQ(normalize(Normalization::nfc, text), nfc_by_utf16(text)) << text;
    if (is_normalized(Normalization::nfc, text)) {
      EXPECT_EQ(nfc_by_utf16(text), text);
    }
  }
}

TEST(Normalizer, HalfAMillionMarksTakeNoTime) {
  std::string text = "e";
  for (int i = 0; i < 250'000; ++i) text += "\u0301\u0316";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(is_normalized(Normalization::nfc, text));
  EXPECT_EQ(normalize(Normalization::nfc, text).size(), text.size() - 1);  // e and its first acute became é
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

TEST(Normalizer, TrustFollowsTheCharacters) {
  //            a   e + acute (trusted)   e + acute (of both kinds)   b
  const std::string text = "ae\u0301e\u0301b";
  Provenance provenance;
  provenance.trust({1, 5});
  const MixedText normal = normalize(Normalization::nfc, text, provenance);
  ASSERT_EQ(normal.text, "aééb");
  EXPECT_FALSE(normal.provenance.covers({0, 1}));
  EXPECT_TRUE(normal.provenance.covers({1, 3}));
  EXPECT_FALSE(normal.provenance.covers({3, 4}));
  EXPECT_FALSE(normal.provenance.covers({5, 6}));
}

TEST(Normalizer, WithoutTrustNothingBecomesTrusted) {
  tests::RandomText random(4);
  for (int i = 0; i < 500; ++i) {
    const std::string text = random.next(20);
    const MixedText all = normalize(Normalization::nfc, text, Provenance::all_trusted());
    EXPECT_EQ(all.text, nfc_by_utf16(text));
    EXPECT_TRUE(all.text.empty() || all.provenance.covers({0, all.text.size()}));
    const MixedText nothing = normalize(Normalization::nfc, text, Provenance::nothing_trusted());
    for (size_t byte = 0; byte < nothing.text.size(); ++byte)
      ASSERT_FALSE(nothing.provenance.covers({byte, byte + 1}));
  }
}

TEST(Normalizer, IsReadFromItsObject) {
  EXPECT_EQ(parse("null").value(), Normalization::none);
  EXPECT_EQ(parse(R"({"type":"NFC"})").value(), Normalization::nfc);
  EXPECT_EQ(parse(R"({"type":"Sequence","normalizers":[]})").value(), Normalization::none);
  EXPECT_EQ(parse(R"({"type":"Sequence","normalizers":[{"type":"NFC"}]})").value(), Normalization::nfc);
}

TEST(Normalizer, OneThatIsNotThereIsNamed) {
  EXPECT_EQ(parse(R"({"type":"NFKC"})").error().message,
            "the normalizer 'NFKC' is not supported (NFC and Sequence are)");
  EXPECT_FALSE(parse(R"({"type":"Sequence","normalizers":[{"type":"Lowercase"}]})"));
  EXPECT_FALSE(parse("3"));
}

}  // namespace
}  // namespace tokenizer
