#pragma once
// Which bytes of a text are trusted: written by the chat template, not by a caller.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace tokenizer {

struct ByteRange {
  size_t begin, end;
  bool operator==(const ByteRange&) const = default;
};

class Provenance {
 public:
  static Provenance all_trusted();
  static Provenance nothing_trusted() { return {}; }

  // Adds a trusted range. REQUIRES: ranges come in order and do not overlap. Neighbours become one.
  void trust(ByteRange range);

  // Adds the ranges of `part`, moved right by `offset`.
  void append(const Provenance& part, size_t offset);

  // Whether every byte of the range is trusted.
  bool covers(ByteRange range) const;

  // That of a part of the text, counted from the part's start.
  Provenance slice(ByteRange part) const;

 private:
  std::vector<ByteRange> trusted_;  // in order, disjoint, never touching
};

// A well-formed text and its provenance.
struct MixedText {
  std::string text;
  Provenance provenance;
};

// The text of all segments together, ill-formed UTF-8 replaced. A replacement character is trusted when all
// the bytes that it stands for are.
MixedText join_segments(std::span<const Segment> segments);

}  // namespace tokenizer
