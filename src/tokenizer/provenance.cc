#include "tokenizer/provenance.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"

namespace tokenizer {

Provenance Provenance::all_trusted() {
  Provenance all;
  all.trust({0, std::numeric_limits<size_t>::max()});
  return all;
}

void Provenance::trust(ByteRange range) {
  if (range.begin == range.end) return;
  if (!trusted_.empty() && trusted_.back().end == range.begin)
    trusted_.back().end = range.end;
  else
    trusted_.push_back(range);
}

void Provenance::append(const Provenance& part, size_t offset) {
  for (const ByteRange& range : part.trusted_) trust({range.begin + offset, range.end + offset});
}

bool Provenance::covers(ByteRange range) const {
  auto after = std::upper_bound(trusted_.begin(), trusted_.end(), range.begin,
                                [](size_t offset, const ByteRange& r) { return offset < r.begin; });
  return after != trusted_.begin() && std::prev(after)->end >= range.end;
}

Provenance Provenance::slice(ByteRange part) const {
  Provenance result;
  auto it = std::lower_bound(trusted_.begin(), trusted_.end(), part.begin,
                             [](const ByteRange& r, size_t offset) { return r.end <= offset; });
  for (; it != trusted_.end() && it->begin < part.end; ++it)
    result.trust({std::max(it->begin, part.begin) - part.begin, std::min(it->end, part.end) - part.begin});
  return result;
}

namespace {

MixedText replace_ill_formed(const MixedText& mixed) {
  MixedText repaired;
  for (size_t i = 0; i < mixed.text.size();) {
    const base::Utf8Step step = base::decode_utf8(mixed.text, i);
    const size_t end = i + static_cast<size_t>(step.size);
    const size_t out_begin = repaired.text.size();
    base::append_utf8(repaired.text, step.code_point);
    if (mixed.provenance.covers({i, end})) repaired.provenance.trust({out_begin, repaired.text.size()});
    i = end;
  }
  return repaired;
}

}  // namespace

MixedText join_segments(std::span<const Segment> segments) {
  MixedText mixed;
  for (const Segment& segment : segments) {
    const size_t begin = mixed.text.size();
    mixed.text += segment.text;
    if (segment.trusted) mixed.provenance.trust({begin, mixed.text.size()});
  }
  return base::is_valid_utf8(mixed.text) ? mixed : replace_ill_formed(mixed);
}

}  // namespace tokenizer
