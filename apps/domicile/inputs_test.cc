#include "apps/domicile/inputs.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temp_dir.h"

namespace apps {
namespace {

TEST(ParseIds, TakesListsOfIds) {
  EXPECT_EQ(*parse_ids("1,2,3"), (std::vector<TokenId>{1, 2, 3}));
  EXPECT_EQ(*parse_ids(" 0 , 2147483647 "), (std::vector<TokenId>{0, INT32_MAX}));
  EXPECT_TRUE(parse_ids("")->empty());
}

TEST(ParseIds, RefusesWhatIsNoId) {
  for (const char* text : {"-1", "1,,2", "1,", ",", "1 2", "x", "1.0", "0x1", "2147483648", "1e3", "+1"})
    EXPECT_FALSE(parse_ids(text)) << text;
}

TEST(ReadInputFile, TakesEveryByte) {
  const tests::TempDir directory;
  const std::string path = (directory.path() / "bytes").string();
  const std::string bytes("a\0\r\n\xff\xef\xbb\xbf\n", 9);
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(*read_input_file(path), bytes);
}

TEST(ReadJsonFile, NamesTheFileThatIsWrong) {
  const tests::TempDir directory;
  const std::string path = (directory.path() / "bad.json").string();
  std::ofstream(path) << "[1,";
  const auto value = read_json_file(path);
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find(path), std::string::npos) << value.error().message;
}

TEST(TextOrIds, WantsExactlyOne) {
  EXPECT_FALSE(TextOrIds{}.read());
  EXPECT_FALSE((TextOrIds{.text = "a", .ids = "1"}.read()));
  EXPECT_EQ(**TextOrIds{.text = ""}.read(), "") << "an empty text is a text";
  EXPECT_FALSE((*TextOrIds{.ids = "1"}.read()).has_value());
}

TEST(JsonlLines, AreSplitAtLineFeedsAlone) {
  EXPECT_EQ(jsonl_lines("a\r\nb\u2028c\n"), (std::vector<std::string_view>{"a\r", "b\u2028c"}));
  EXPECT_EQ(jsonl_lines("a\n\nb"), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_TRUE(jsonl_lines("").empty());
}

}  // namespace
}  // namespace apps
