#include "tokenizer/provenance.h"

#include <gtest/gtest.h>

namespace tokenizer {
namespace {

TEST(Provenance, NeighboursBecomeOneRange) {
  Provenance provenance;
  provenance.trust({2, 4});
  provenance.trust({4, 6});
  provenance.trust({8, 9});
  EXPECT_TRUE(provenance.covers({2, 6}));
  EXPECT_FALSE(provenance.covers({1, 3}));
  EXPECT_FALSE(provenance.covers({5, 9}));
  EXPECT_TRUE(provenance.covers({8, 9}));
}

TEST(Provenance, ASliceCountsFromItsStart) {
  Provenance provenance;
  provenance.trust({2, 6});
  provenance.trust({8, 20});
  const Provenance slice = provenance.slice({4, 10});
  EXPECT_TRUE(slice.covers({0, 2}));
  EXPECT_FALSE(slice.covers({0, 3}));
  EXPECT_TRUE(slice.covers({4, 6}));
  EXPECT_FALSE(slice.covers({4, 7}));
}

TEST(Provenance, SegmentsAreJoinedAndNeverCutACharacter) {
  const Segment halves[] = {{"a\xE4\xBD", true}, {"\xA0", true}, {"b", false}};
  const MixedText mixed = join_segments(halves);
  EXPECT_EQ(mixed.text, "a你b");
  EXPECT_TRUE(mixed.provenance.covers({0, 4}));
  EXPECT_FALSE(mixed.provenance.covers({4, 5}));
}

TEST(Provenance, AReplacementIsTrustedWhenAllItsBytesAre) {
  const Segment segments[] = {{"\xE4", true}, {"x\xE4", false}, {"\xBD", true}, {"\xFF", true}};
  const MixedText mixed = join_segments(segments);
  EXPECT_EQ(mixed.text, "\uFFFDx\uFFFD\uFFFD");
  EXPECT_TRUE(mixed.provenance.covers({0, 3}));
  EXPECT_FALSE(mixed.provenance.covers({3, 4}));
  EXPECT_FALSE(mixed.provenance.covers({4, 7}));  // of both kinds
  EXPECT_TRUE(mixed.provenance.covers({7, 10}));
}

}  // namespace
}  // namespace tokenizer
