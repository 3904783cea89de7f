#include "chat/text_search.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace chat {
namespace {

TEST(TextSearch, FindsWhatTheStandardLibraryFinds) {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string text, needle;
    for (size_t n = random() % 40; text.size() < n;) text.push_back("ab"[random() % 2]);
    for (size_t n = random() % 6; needle.size() < n;) needle.push_back("ab"[random() % 2]);
    const size_t from = random() % 45;
    EXPECT_EQ(find_first(text, needle, from), text.find(needle, from))
        << text << " " << needle << " " << from;
    EXPECT_EQ(find_last(text, needle), text.rfind(needle)) << text << " " << needle;
  }
}

TEST(TextSearch, IsLinearWhereTheNeedleAlmostFitsEverywhere) {
  const std::string text(1u << 20, 'a');
  const std::string needle = std::string(1u << 18, 'a') + "b";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(find_first(text, needle), kNotFound);
  EXPECT_EQ(find_last(text, needle), kNotFound);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 2.0);
}

TEST(TextSearch, CountsCharacters) {
  EXPECT_EQ(n_characters("a\u00e9\uc548\U0001F600"), 4u);
  EXPECT_EQ(n_characters("\xff\xc3"), 2u);  // what is no character counts byte by byte
  EXPECT_EQ(size_of_character_before("a\u00e9", 3), 2u);
  EXPECT_EQ(size_of_character_before("\x80\x80", 2), 1u);
}

}  // namespace
}  // namespace chat
