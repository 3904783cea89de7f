#include "apps/domicile/key_decoder.h"

#include <gtest/gtest.h>

#include <vector>

namespace apps {
namespace {

std::vector<Key> keys_of(KeyDecoder& decoder, std::string_view bytes) {
  std::vector<Key> keys;
  for (const char byte : bytes)
    if (auto key = decoder.push(static_cast<unsigned char>(byte))) keys.push_back(std::move(*key));
  return keys;
}

std::vector<Key> keys_of(std::string_view bytes) {
  KeyDecoder decoder;
  return keys_of(decoder, bytes);
}

// Of bytes that are one key.
KeyKind kind_of(std::string_view bytes) {
  const auto keys = keys_of(bytes);
  return keys.size() == 1 ? keys[0].kind : KeyKind::none;
}

std::string text_of(const std::vector<Key>& keys) {
  std::string text;
  for (const Key& key : keys) text += key.kind == KeyKind::text ? key.text : "<?>";
  return text;
}

TEST(KeyDecoder, GivesWholeCharacters) {
  const auto keys = keys_of("aé漢😀");
  ASSERT_EQ(keys.size(), 4u);
  EXPECT_EQ(keys[2].text, "漢");
  EXPECT_EQ(keys[3].text, "😀");
}

TEST(KeyDecoder, KnowsTheArrowsOfBothModes) {
  EXPECT_EQ(kind_of("\x1b[A"), KeyKind::up);
  EXPECT_EQ(kind_of("\x1bOA"), KeyKind::up);
  EXPECT_EQ(kind_of("\x1b[1;5D"), KeyKind::word_left);
  EXPECT_EQ(kind_of("\x1b[3~"), KeyKind::delete_forward);
}

TEST(KeyDecoder, TellsEnterFromNewLine) {
  EXPECT_EQ(kind_of("\r"), KeyKind::enter);
  EXPECT_EQ(kind_of("\n"), KeyKind::newline);
  EXPECT_EQ(kind_of("\x1b\r"), KeyKind::newline);
  EXPECT_EQ(kind_of("\x1b[13;2u"), KeyKind::newline);
}

TEST(KeyDecoder, PassesOverSequencesItDoesNotKnow) {
  for (const char* sequence : {"\x1b[99~", "\x1b[1;2P", "\x1bOP", "\x1b[[A", "\x1b[?1;2c"}) {
    const auto keys = keys_of(std::string(sequence) + "x");
    ASSERT_FALSE(keys.empty()) << sequence;
    EXPECT_EQ(keys.back().text, "x") << sequence;
    for (size_t i = 0; i + 1 < keys.size(); ++i) EXPECT_EQ(keys[i].kind, KeyKind::none) << sequence;
  }
}

TEST(KeyDecoder, MakesAPasteOneText) {
  const auto keys = keys_of("\x1b[200~one\rtwo\r\nthree\nfour\x1b[201~\r");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].text, "one\ntwo\nthree\nfour");
  EXPECT_EQ(keys[1].kind, KeyKind::enter);
}

TEST(KeyDecoder, KeepsControlKeysOfAPasteAsText) {
  const auto keys = keys_of("\x1b[200~a\x04\x1b[A\tb\x1b[201~");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].text, "a\x04\x1b[A\tb");
}

TEST(KeyDecoder, LeavesAPasteWithoutEndByCtrlC) {
  KeyDecoder decoder;
  EXPECT_TRUE(keys_of(decoder, "\x1b[200~never\rending").empty());
  EXPECT_TRUE(decoder.in_paste());
  decoder.settle();
  EXPECT_TRUE(decoder.in_paste()) << "a slow paste goes on";
  const auto keys = keys_of(decoder, "\x03");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].kind, KeyKind::interrupt);
  EXPECT_FALSE(decoder.in_paste());
  EXPECT_EQ(text_of(keys_of(decoder, "x")), "x") << "nothing of the paste is left";
}

TEST(KeyDecoder, ForgetsALoneEscapeAfterAWhile) {
  KeyDecoder decoder;
  EXPECT_TRUE(keys_of(decoder, "\x1b").empty());
  EXPECT_TRUE(decoder.is_midway());
  decoder.settle();
  EXPECT_FALSE(decoder.is_midway());
  EXPECT_EQ(text_of(keys_of(decoder, "[A")), "[A");
}

TEST(KeyDecoder, HearsCtrlCAfterHalfACharacter) {
  KeyDecoder decoder;
  const auto keys = keys_of(decoder, "\xe6\xbc\x03");
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].kind, KeyKind::interrupt);
}

TEST(KeyDecoder, ReplacesBytesThatAreNoCharacter) {
  EXPECT_EQ(text_of(keys_of("\xff\x80\xc0")), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(text_of(keys_of("\x1b[200~\xff\x1b[201~")), "\uFFFD");
}

TEST(KeyDecoder, EndsASequenceThatNeverEnds) {
  KeyDecoder decoder;
  keys_of(decoder, "\x1b[" + std::string(1000, '1'));
  decoder.settle();
  EXPECT_EQ(text_of(keys_of(decoder, "x")), "x");
}

}  // namespace
}  // namespace apps
