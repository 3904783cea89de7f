#include "serving/stop_matcher.h"

#include <gtest/gtest.h>

#include <string>

namespace serving {
namespace {

// All that comes out when `text` goes in in pieces of `size` bytes.
std::string run(StopMatcher& matcher, const std::string& text, size_t size) {
  std::string out;
  for (size_t at = 0; at < text.size(); at += size) out += matcher.push(text.substr(at, size));
  return out + matcher.finish();
}

TEST(StopMatcher, GivesOutTextThatHoldsNoStopString) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(run(matcher, "the end is EN and E", 1), "the end is EN and E");
  EXPECT_FALSE(matcher.matched());
}

TEST(StopMatcher, FindsAStopStringHoweverTheTextIsCut) {
  for (size_t size = 1; size < 12; ++size) {
    StopMatcher matcher({"<stop>"});
    EXPECT_EQ(run(matcher, "one <st two <stop> three", size), "one <st two ") << size;
    EXPECT_EQ(matcher.matched(), "<stop>");
  }
}

TEST(StopMatcher, HoldsBackNoMoreThanWhatMayBecomeAStopString) {
  StopMatcher matcher({"abcd"});
  EXPECT_EQ(matcher.push("xab"), "x");
  EXPECT_EQ(matcher.push("c"), "");
  EXPECT_EQ(matcher.push("x"), "abcx");
}

TEST(StopMatcher, FindsAStopStringThatBeginsInsideAFalseStart) {
  StopMatcher matcher({"aab"});
  EXPECT_EQ(run(matcher, "aaaab!", 1), "aa");
  EXPECT_EQ(matcher.matched(), "aab");
}

TEST(StopMatcher, TakesTheFirstThatIsCompleteAndOfThoseTheLongest) {
  StopMatcher matcher({"cd", "bcd", "abcdef"});
  EXPECT_EQ(run(matcher, "abcdef", 1), "a");
  EXPECT_EQ(matcher.matched(), "bcd");
}

TEST(StopMatcher, SaysNothingMoreAfterAMatch) {
  StopMatcher matcher({"."});
  EXPECT_EQ(matcher.push("a.b"), "a");
  EXPECT_EQ(matcher.push("c"), "");
  EXPECT_EQ(matcher.finish(), "");
  EXPECT_EQ(matcher.released_bytes(), 1u);
}

TEST(StopMatcher, FindsCharactersOfSeveralBytes) {
  StopMatcher matcher({"멈춤"});
  EXPECT_EQ(matcher.push("말 멈"), "말 ");
  EXPECT_EQ(matcher.push("추"), "멈추");
  EXPECT_EQ(matcher.push("멈춤 뒤"), "");
  EXPECT_EQ(matcher.matched(), "멈춤");
}

TEST(StopMatcher, TakesTimeInProportionToTheTextWhateverTheStopString) {
  StopMatcher matcher({std::string(4000, 'a') + "b"});
  const std::string text(1'000'000, 'a');
  EXPECT_EQ(run(matcher, text, 1000).size(), text.size());
}

TEST(StopMatcher, GivesOutTheStopStringItselfIfToldTo) {
  for (size_t size = 1; size < 8; ++size) {
    StopMatcher matcher({"END", "D!"}, /*include_match=*/true);
    EXPECT_EQ(run(matcher, "the END! of it", size), "the END") << size;
    EXPECT_EQ(matcher.released_bytes(), 7u);
  }
}

TEST(StopMatcher, LooksForNothingInWhatPasses) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.pass("END E"), "END E");
  EXPECT_EQ(matcher.push("ND END"), "ND ");
  EXPECT_EQ(matcher.released_bytes(), 8u);
}

}  // namespace
}  // namespace serving
