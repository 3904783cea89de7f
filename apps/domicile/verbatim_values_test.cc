#include "apps/domicile/verbatim_values.h"

#include <gtest/gtest.h>

namespace apps {
namespace {

using Strings = std::vector<std::string>;

const Strings kFlags = {"-p", "--prompt", "--text"};

// What a parser would see, with the values put back.
Strings seen(const Strings& arguments) {
  VerbatimValues values;
  Strings out = values.set_aside(arguments, kFlags);
  for (std::string& each : out) each = values.value_of(each);
  return out;
}

TEST(VerbatimValues, TakeWhateverFollowsTheFlag) {
  for (const char* value : {"--help", "-p", "--", "", "[a,b]", "@x", "a b", "\xff\xfe", "\x01verbatim:0\x02"})
    EXPECT_EQ(seen({"--text", value}), (Strings{"--text", value})) << value;
}

TEST(VerbatimValues, HideTheValueFromTheParser) {
  VerbatimValues values;
  const Strings out = values.set_aside(Strings{"run", "m", "-p", "--help", "--json"}, kFlags);
  ASSERT_EQ(out.size(), 5u);
  EXPECT_FALSE(out[3].starts_with('-'));
  EXPECT_EQ(out[4], "--json");
  EXPECT_EQ(values.value_of(out[3]), "--help");
}

TEST(VerbatimValues, MayBeJoinedToTheirFlag) {
  EXPECT_EQ(seen({"--text=a=b"}), (Strings{"--text", "a=b"}));
  EXPECT_EQ(seen({"--text="}), (Strings{"--text", ""}));
  EXPECT_EQ(seen({"-phello"}), (Strings{"-p", "hello"}));
  EXPECT_EQ(seen({"-p=hello"}), (Strings{"-p", "=hello"}));
}

TEST(VerbatimValues, LeaveOtherFlagsAlone) {
  VerbatimValues values;
  const Strings out = values.set_aside(Strings{"--texts", "--help", "--other=1", "-q"}, kFlags);
  EXPECT_EQ(out, (Strings{"--texts", "--help", "--other=1", "-q"}));
}

TEST(VerbatimValues, EndAtALoneDoubleDash) {
  VerbatimValues values;
  EXPECT_EQ(values.set_aside(Strings{"--", "--text", "a"}, kFlags), (Strings{"--", "--text", "a"}));
}

TEST(VerbatimValues, LeaveAFlagWithoutValueToTheParser) {
  VerbatimValues values;
  EXPECT_EQ(values.set_aside(Strings{"run", "-p"}, kFlags), (Strings{"run", "-p"}));
}

TEST(VerbatimValues, AreReadableInMessages) {
  VerbatimValues values;
  const Strings out = values.set_aside(Strings{"-p", "one", "--text", "two"}, kFlags);
  EXPECT_EQ(values.readable("not understood: " + out[1] + " and " + out[3]), "not understood: one and two");
}

}  // namespace
}  // namespace apps
