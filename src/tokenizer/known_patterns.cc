#include "tokenizer/known_patterns.h"

#include "tokenizer/unicode.h"

namespace tokenizer {
namespace {

struct Char {
  uint8_t char_class = kNoClass;
  size_t size = 0;
};

// Past the end: no class, no bytes.
Char char_at(std::string_view text, size_t offset) {
  if (offset >= text.size()) return {};
  const CodePoint c = code_point_at(text, offset);
  return {char_class(c.value), static_cast<size_t>(c.size)};
}

// The end of the run of characters of a class.
size_t run_end(std::string_view text, size_t offset, uint8_t wanted_class) {
  for (Char c = char_at(text, offset); c.char_class & wanted_class; c = char_at(text, offset))
    offset += c.size;
  return offset;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Bytes of 's 't 're 've 'm 'll 'd at the offset, 0 if there is none.
size_t contraction_size(std::string_view text, size_t offset, bool any_case) {
  if (text[offset] != '\'') return 0;
  const std::string_view rest = text.substr(offset + 1, 2);
  // The only character beyond ASCII that matches one of these letters when case is ignored: U+017F, the long
  // s.
  if (any_case && rest == "\u017F") return 3;
  const auto letter = [&](size_t i) { return i >= rest.size() ? '\0' : any_case ? lower(rest[i]) : rest[i]; };
  switch (letter(0)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return letter(1) == 'e' ? 3 : 0;
    case 'l':
      return letter(1) == 'l' ? 3 : 0;
    default:
      return 0;
  }
}

// A run of white space that starts at `begin`.
struct SpaceRun {
  size_t end;
  size_t last;         // where its last character starts
  size_t newline_end;  // behind its last CR or LF; `begin` if it has none
};

SpaceRun space_run(std::string_view text, size_t begin) {
  SpaceRun run{begin, begin, begin};
  for (Char c = char_at(text, begin); c.char_class & kSpace; c = char_at(text, run.end)) {
    run.last = run.end;
    run.end += c.size;
    if (c.char_class & kNewline) run.newline_end = run.end;
  }
  return run;
}

// \s+(?!\S)|\s+ : all but the last character if something follows, but at least one.
size_t blank_end(std::string_view text, size_t begin, const SpaceRun& run) {
  return run.end == text.size() || run.last == begin ? run.end : run.last;
}

size_t gpt2_piece_end(std::string_view text, size_t begin) {
  if (const size_t size = contraction_size(text, begin, /*any_case=*/false)) return begin + size;
  // " ?" before a word, a number or anything else that is no space
  const size_t start = text[begin] == ' ' ? begin + 1 : begin;
  const uint8_t first = char_at(text, start).char_class;
  if (first & (kLetter | kNumber | kOther)) return run_end(text, start, first);
  return blank_end(text, begin, space_run(text, begin));
}

size_t digits_end(std::string_view text, size_t offset, int max_digits) {
  for (int n = 0; n < max_digits; ++n) {
    const Char c = char_at(text, offset);
    if (!(c.char_class & kNumber)) break;
    offset += c.size;
  }
  return offset;
}

size_t newlines_end(std::string_view text, size_t offset) {
  while (offset < text.size() && (text[offset] == '\r' || text[offset] == '\n')) ++offset;
  return offset;
}

size_t llama3_piece_end(std::string_view text, size_t begin, int max_digits) {
  if (const size_t size = contraction_size(text, begin, /*any_case=*/true)) return begin + size;
  const Char first = char_at(text, begin);
  if (first.char_class & kLetter) return run_end(text, begin, kLetter);
  if (first.char_class & kNumber) return digits_end(text, begin, max_digits);
  // [^\r\n\p{L}\p{N}]?\p{L}+
  const size_t second = begin + first.size;
  if (!(first.char_class & kNewline) && char_at(text, second).char_class & kLetter)
    return run_end(text, second, kLetter);
  //  ?[^\s\p{L}\p{N}]+[\r\n]*
  const size_t start = text[begin] == ' ' ? second : begin;
  if (char_at(text, start).char_class & kOther) return newlines_end(text, run_end(text, start, kOther));
  const SpaceRun run = space_run(text, begin);
  return run.newline_end > begin ? run.newline_end : blank_end(text, begin, run);
}

// `PieceEnd` tells where the piece that starts at an offset ends.
template <class PieceEnd>
class Scanner : public Splitter {
 public:
  Scanner(PieceEnd piece_end, std::string_view description)
      : piece_end_(piece_end), description_(description) {}
  void split(std::string_view text, PieceSink sink) const override {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = piece_end_(text, begin);
      sink(text.substr(begin, end - begin));
      begin = end;
    }
  }
  std::string description() const override { return std::string(description_); }

 private:
  PieceEnd piece_end_;
  std::string_view description_;
};

template <class PieceEnd>
std::unique_ptr<Splitter> scanner(PieceEnd piece_end, std::string_view description) {
  return std::make_unique<Scanner<PieceEnd>>(piece_end, description);
}

size_t digit_or_stretch_end(std::string_view text, size_t begin, bool individual) {
  const Char first = char_at(text, begin);
  if (!(first.char_class & kNumber)) return run_end(text, begin, kLetter | kSpace | kOther);
  return individual ? begin + first.size : run_end(text, begin, kNumber);
}

}  // namespace

std::unique_ptr<Splitter> make_scanner(std::string_view pattern) {
  if (pattern == kGpt2Pattern) return scanner(gpt2_piece_end, "GPT-2 words");
  const auto llama3 = [](int max_digits) {
    return [max_digits](std::string_view text, size_t begin) {
      return llama3_piece_end(text, begin, max_digits);
    };
  };
  if (pattern == kLlama3Pattern) return scanner(llama3(3), "Llama 3 words (numbers in threes)");
  if (pattern == kQwen2Pattern) return scanner(llama3(1), "Qwen2 words (single digits)");
  return nullptr;
}

std::unique_ptr<Splitter> make_digits_splitter(bool individual) {
  const auto piece_end = [individual](std::string_view text, size_t begin) {
    return digit_or_stretch_end(text, begin, individual);
  };
  return scanner(piece_end, individual ? "single digits" : "runs of digits");
}

}  // namespace tokenizer
