#include "tokenizer/normalizer.h"

#include <unicode/bytestream.h>
#include <unicode/edits.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

namespace tokenizer {
namespace {

// ICU sorts the marks of a character by insertion, which a hostile run of 100k marks makes quadratic. Longer
// runs are therefore decomposed and sorted here first (canonically equivalent, so the result is the same).
constexpr size_t kLongMarkRun = 64;

// ICU counts bytes in 32 bits.
constexpr size_t kMaxChunkBytes = size_t{1} << 30;

const icu::Normalizer2& nfc() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* instance = icu::Normalizer2::getNFCInstance(error);
  CHECK(U_SUCCESS(error) && instance != nullptr);
  return *instance;
}

bool starts_with_mark(char32_t c) {
  return c >= 0x300 &&
         u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_LEAD_CANONICAL_COMBINING_CLASS) != 0;
}

// The run of marks at text[offset], which may be empty.
struct MarkRun {
  size_t end;
  size_t n_marks;
};
MarkRun mark_run(std::string_view text, size_t offset) {
  size_t n_marks = 0;
  while (offset < text.size()) {
    const CodePoint c = code_point_at(text, offset);
    if (!starts_with_mark(c.value)) break;
    offset += static_cast<size_t>(c.size);
    ++n_marks;
  }
  return {offset, n_marks};
}

void append_decomposed(std::vector<UChar32>& out, char32_t c) {
  icu::UnicodeString decomposition;
  if (!nfc().getDecomposition(static_cast<UChar32>(c), decomposition))
    return out.push_back(static_cast<UChar32>(c));
  for (int32_t i = 0; i < decomposition.length(); i = decomposition.moveIndex32(i, 1))
    out.push_back(decomposition.char32At(i));
}

// In the order of their combining classes, those of one class as they stood.
void sort_marks(std::vector<UChar32>& marks) {
  std::array<size_t, 257> begins{};  // [class]: where its next mark goes
  for (const UChar32 mark : marks) ++begins[u_getCombiningClass(mark) + 1u];
  for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<UChar32> sorted(marks.size());
  for (const UChar32 mark : marks) sorted[begins[u_getCombiningClass(mark)]++] = mark;
  marks = std::move(sorted);
}

void append_sorted(std::string& out, std::string_view run) {
  std::vector<UChar32> marks;
  for (size_t i = 0; i < run.size();) {
    const CodePoint c = code_point_at(run, i);
    append_decomposed(marks, c.value);
    i += static_cast<size_t>(c.size);
  }
  sort_marks(marks);
  for (const UChar32 mark : marks) base::append_utf8(out, static_cast<char32_t>(mark));
}

// The text with its long runs of marks sorted. A run that is not trusted as a whole is not trusted at all.
MixedText sort_long_mark_runs(std::string_view text, const Provenance& provenance) {
  MixedText sorted;
  size_t copied = 0;
  const auto copy_until = [&](size_t end) {
    const size_t out_begin = sorted.text.size();
    sorted.text += text.substr(copied, end - copied);
    sorted.provenance.append(provenance.slice({copied, end}), out_begin);
    copied = end;
  };
  for (size_t i = 0; i < text.size();) {
    const MarkRun run = mark_run(text, i);
    if (run.n_marks > kLongMarkRun) {
      copy_until(i);
      const size_t out_begin = sorted.text.size();
      append_sorted(sorted.text, text.substr(i, run.end - i));
      if (provenance.covers({i, run.end})) sorted.provenance.trust({out_begin, sorted.text.size()});
      copied = run.end;
    }
    i = run.end;
    if (i < text.size()) i += static_cast<size_t>(code_point_at(text, i).size);
  }
  copy_until(text.size());
  return sorted;
}

// A long run takes more than `kStep` bytes, so that looking at one character in as many finds it.
bool has_long_mark_run(std::string_view text) {
  constexpr size_t kStep = 2 * kLongMarkRun;
  for (size_t i = 0; i < text.size(); i += kStep) {
    size_t begin = previous_start(text, i + 1);
    if (!starts_with_mark(code_point_at(text, begin).value)) continue;
    while (begin > 0 && starts_with_mark(code_point_at(text, previous_start(text, begin)).value))
      begin = previous_start(text, begin);
    const MarkRun run = mark_run(text, begin);
    if (run.n_marks > kLongMarkRun) return true;
  }
  return false;
}

icu::StringPiece piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

// The end of the chunk at text[begin]: small enough for ICU, and before an ASCII byte, across which nothing
// composes (but for a gigabyte without one).
size_t chunk_end(std::string_view text, size_t begin) {
  if (text.size() - begin <= kMaxChunkBytes) return text.size();
  size_t end = begin + kMaxChunkBytes;
  while (end > begin && static_cast<unsigned char>(text[end]) >= 0x80) --end;
  return end > begin ? end : previous_start(text, begin + kMaxChunkBytes);
}

// Carries trust over what ICU says it changed, span by span.
void map_provenance(const icu::Edits& edits, const Provenance& from, size_t to_begin, Provenance& to) {
  icu::Edits::Iterator it = edits.getFineIterator();
  UErrorCode error = U_ZERO_ERROR;
  while (it.next(error)) {
    const auto source = static_cast<size_t>(it.sourceIndex());
    const ByteRange source_range{source, source + static_cast<size_t>(it.oldLength())};
    const size_t out = to_begin + static_cast<size_t>(it.destinationIndex());
    if (!it.hasChange())
      to.append(from.slice(source_range), out);
    else if (from.covers(source_range))
      to.trust({out, out + static_cast<size_t>(it.newLength())});
  }
  CHECK(U_SUCCESS(error));
}

// Appends NFC(text) to `out`; with `provenance`, that of what was appended too.
void append_nfc(std::string_view text, const Provenance* provenance, MixedText& out) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = chunk_end(text, begin);
    const size_t out_begin = out.text.size();
    icu::StringByteSink<std::string> sink(&out.text);
    icu::Edits edits;
    UErrorCode error = U_ZERO_ERROR;
    nfc().normalizeUTF8(0, piece(text.substr(begin, end - begin)), sink,
                        provenance != nullptr ? &edits : nullptr, error);
    CHECK(U_SUCCESS(error));
    if (provenance != nullptr)
      map_provenance(edits, provenance->slice({begin, end}), out_begin, out.provenance);
    begin = end;
  }
}

std::string_view type_of(const base::Json& object) {
  const base::Json* type = object.find("type");
  return type != nullptr && type->is_string() ? std::string_view(type->as_string()) : std::string_view();
}

base::Result<Normalization> parse_sequence(const base::Json& sequence) {
  const base::Json* parts = sequence.find("normalizers");
  if (parts == nullptr || !parts->is_array())
    return base::fail(base::Code::corrupt, "the normalizer 'Sequence' has no list of normalizers");
  Normalization all = Normalization::none;
  for (const base::Json& part : parts->as_array())
    if (TRY(parse_normalizer(&part)) == Normalization::nfc) all = Normalization::nfc;
  return all;
}

}  // namespace

base::Result<Normalization> parse_normalizer(const base::Json* normalizer) {
  if (normalizer == nullptr || normalizer->is_null()) return Normalization::none;
  const std::string_view type = type_of(*normalizer);
  if (type == "NFC") return Normalization::nfc;
  if (type == "Sequence") return parse_sequence(*normalizer);
  return base::fail(base::Code::unsupported, base::cat("the normalizer '", base::printable(type, 60),
                                                       "' is not supported (NFC and Sequence are)"));
}

bool is_normalized(Normalization normalization, std::string_view text) {
  if (normalization == Normalization::none) return true;
  if (has_long_mark_run(text)) return false;  // perhaps it is, but ICU would take long to say so
  UErrorCode error = U_ZERO_ERROR;
  return text.size() <= kMaxChunkBytes && nfc().isNormalizedUTF8(piece(text), error) && U_SUCCESS(error);
}

std::string normalize(Normalization normalization, std::string_view text) {
  if (normalization == Normalization::none) return std::string(text);
  if (has_long_mark_run(text)) return normalize(normalization, text, Provenance::nothing_trusted()).text;
  MixedText normal;
  append_nfc(text, nullptr, normal);
  return std::move(normal.text);
}

MixedText normalize(Normalization normalization, std::string_view text, const Provenance& provenance) {
  if (normalization == Normalization::none) return {std::string(text), provenance};
  MixedText normal;
  if (has_long_mark_run(text)) {
    const MixedText sorted = sort_long_mark_runs(text, provenance);
    append_nfc(sorted.text, &sorted.provenance, normal);
  } else {
    append_nfc(text, &provenance, normal);
  }
  return normal;
}

}  // namespace tokenizer
