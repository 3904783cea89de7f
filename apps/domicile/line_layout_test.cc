#include "apps/domicile/line_layout.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

using Rows = std::vector<std::string>;

LineLayout at_end(std::string_view text, int width) {
  return lay_out(">>> ", text, text.size(), width);
}

TEST(LineLayout, PutsTheCursorAfterThePrompt) {
  const LineLayout layout = at_end("", 20);
  EXPECT_EQ(layout.rows, (Rows{">>> "}));
  EXPECT_EQ(layout.cursor_row, 0u);
  EXPECT_EQ(layout.cursor_column, 4);
}

TEST(LineLayout, BreaksAtTheEdge) {
  const LineLayout layout = at_end("abcdefghijkl", 8);
  EXPECT_EQ(layout.rows, (Rows{">>> abcd", "efghijkl", ""})) << "the cursor needs a row of its own";
  EXPECT_EQ(layout.cursor_row, 2u);
  EXPECT_EQ(layout.cursor_column, 0);
}

TEST(LineLayout, NeverCutsAWideCharacter) {
  const LineLayout layout = at_end("漢字漢", 9);
  EXPECT_EQ(layout.rows, (Rows{">>> 漢字", "漢"}));
  EXPECT_EQ(layout.cursor_row, 1u);
  EXPECT_EQ(layout.cursor_column, 2);
}

TEST(LineLayout, CountsCombiningMarksAsNothing) {
  EXPECT_EQ(at_end("e\u0301", 20).cursor_column, 5);
}

TEST(LineLayout, BeginsFurtherLinesWithTheContinuation) {
  const LineLayout layout = lay_out(">>> ", "one\ntwo\n", 4, 20);
  EXPECT_EQ(layout.rows, (Rows{">>> one", "... two", "... "}));
  EXPECT_EQ(layout.cursor_row, 1u);
  EXPECT_EQ(layout.cursor_column, 4);
}

TEST(LineLayout, ShowsControlCharactersHarmlessly) {
  EXPECT_EQ(at_end("\x1b[2J\x07\tx\xff\u0085", 40).rows, (Rows{">>> ?[2J?    x\uFFFD?"}));
}

TEST(LineLayout, PutsACursorWithinAFullRowIntoTheNext) {
  const LineLayout layout = lay_out(">>> ", "abcdefgh", 4, 8);
  EXPECT_EQ(layout.rows, (Rows{">>> abcd", "efgh"}));
  EXPECT_EQ(layout.cursor_row, 1u);
  EXPECT_EQ(layout.cursor_column, 0);
}

}  // namespace
}  // namespace apps
