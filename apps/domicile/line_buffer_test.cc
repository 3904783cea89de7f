#include "apps/domicile/line_buffer.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

LineBuffer buffer_with(std::string text) {
  LineBuffer buffer;
  buffer.set(std::move(text));
  return buffer;
}

TEST(LineBuffer, InsertsAtTheCursor) {
  LineBuffer buffer = buffer_with("ac");
  buffer.left();
  buffer.insert("b");
  EXPECT_EQ(buffer.text(), "abc");
  EXPECT_EQ(buffer.cursor(), 2u);
}

TEST(LineBuffer, MovesAndErasesWholeCharacters) {
  LineBuffer buffer = buffer_with("漢字😀");
  buffer.erase_before();
  EXPECT_EQ(buffer.text(), "漢字");
  buffer.left();
  EXPECT_EQ(buffer.cursor(), 3u);
  buffer.erase_after();
  EXPECT_EQ(buffer.text(), "漢");
}

TEST(LineBuffer, StaysAtItsEnds) {
  LineBuffer buffer;
  buffer.left();
  buffer.right();
  buffer.erase_before();
  buffer.erase_after();
  buffer.erase_word_before();
  EXPECT_FALSE(buffer.up());
  EXPECT_FALSE(buffer.down());
  EXPECT_TRUE(buffer.empty());
}

TEST(LineBuffer, ErasesTheWordBefore) {
  LineBuffer buffer = buffer_with("one two  ");
  buffer.erase_word_before();
  EXPECT_EQ(buffer.text(), "one ");
  buffer.erase_word_before();
  EXPECT_EQ(buffer.text(), "");
}

TEST(LineBuffer, ErasesWithinItsLineOnly) {
  LineBuffer buffer = buffer_with("one\ntwo\nthree");
  ASSERT_TRUE(buffer.up());
  buffer.erase_to_line_start();
  EXPECT_EQ(buffer.text(), "one\n\nthree");
  buffer.line_end();
  buffer.erase_to_line_end();
  EXPECT_EQ(buffer.text(), "one\n\nthree");
}

TEST(LineBuffer, MovesBetweenLinesAtAboutTheSameColumn) {
  LineBuffer buffer = buffer_with("äöü\nb\nxyz");
  ASSERT_TRUE(buffer.up());
  EXPECT_EQ(buffer.cursor(), 8u) << "the end of the short line";
  ASSERT_TRUE(buffer.up());
  EXPECT_EQ(buffer.cursor(), 2u) << "after one character of two bytes";
  EXPECT_FALSE(buffer.up());
  ASSERT_TRUE(buffer.down());
  ASSERT_TRUE(buffer.down());
  EXPECT_FALSE(buffer.down());
}

TEST(LineBuffer, MovesByWords) {
  LineBuffer buffer = buffer_with("one two");
  buffer.word_left();
  EXPECT_EQ(buffer.cursor(), 4u);
  buffer.line_start();
  buffer.word_right();
  EXPECT_EQ(buffer.cursor(), 3u);
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width('a'), 1);
  EXPECT_EQ(display_width(U'ä'), 1);
  EXPECT_EQ(display_width(U'漢'), 2);
  EXPECT_EQ(display_width(U'가'), 2);
  EXPECT_EQ(display_width(U'😀'), 2);
  EXPECT_EQ(display_width(U'\u0301'), 0);
  EXPECT_EQ(display_width(U'\u200d'), 0);
}

}  // namespace
}  // namespace apps
