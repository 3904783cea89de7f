#include "chat/word_wrap.h"

#include <algorithm>
#include <deque>

#include "chat/text_forms.h"
#include "chat/text_search.h"
#include "chat/unicode.h"

namespace chat {

using base::Result;
using base::Status;

namespace {

struct Chunk {
  size_t begin, end;  // bytes
  size_t width;       // characters
  bool blank;
};

bool is_ascii_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_word(char32_t c) {
  return c == '_' || is_alphabetic(c) || is_decimal(c) || is_numeric(c);
}

class Wrapper {
 public:
  Wrapper(Heap& heap, const Text& line, const WrapOptions& options, TextBuilder& out)
      : heap_(heap), line_(line), options_(options), out_(out) {}

  // Appends the line's pieces, with `between` in front of each but the first.
  Status run() {
    split_into_chunks();
    const size_t width = static_cast<size_t>(options_.width);
    bool first = true;
    while (!chunks_.empty()) {
      TRY(heap_.step());
      if (chunks_.front().blank && !first) chunks_.pop_front();
      const size_t begin = chunks_.empty() ? line_.size : chunks_.front().begin;
      size_t end = begin, used = 0, end_without_blank = begin;
      const auto take = [&](const Chunk& chunk) {
        end = chunk.end;
        used += chunk.width;
        if (!chunk.blank) end_without_blank = end;
      };
      while (!chunks_.empty() && used + chunks_.front().width <= width) {
        take(chunks_.front());
        chunks_.pop_front();
      }
      if (!chunks_.empty() && chunks_.front().width > width) take_long_word(width - used, end == begin, take);
      if (end_without_blank == begin) continue;
      if (!first) out_.append(*options_.between);
      out_.append_part(line_, begin, end_without_blank);
      first = false;
    }
    return {};
  }

 private:
  std::string_view view() const { return line_.view(); }

  void split_into_chunks() {
    for (size_t at = 0; at < line_.size;) {
      const bool blank = is_ascii_blank(view()[at]);
      size_t end = at;
      while (end < line_.size && is_ascii_blank(view()[end]) == blank) ++end;
      if (!blank && options_.break_on_hyphens)
        split_at_hyphens(at, end);
      else
        add_chunk(at, end, blank);
      at = end;
    }
  }

  void add_chunk(size_t begin, size_t end, bool blank) {
    chunks_.push_back({begin, end, n_characters(view().substr(begin, end - begin)), blank});
  }

  // A word may break behind a hyphen that stands between letters.
  void split_at_hyphens(size_t begin, size_t end) {
    size_t piece = begin;
    for (size_t at = begin; at < end; ++at) {
      if (view()[at] != '-' || !letters_before(piece, at) || !letters_after(at + 1, end)) continue;
      add_chunk(piece, at + 1, false);
      piece = at + 1;
    }
    if (piece < end) add_chunk(piece, end, false);
  }

  bool letters_before(size_t begin, size_t at) const {
    if (at <= begin) return false;
    const size_t last = at - size_of_character_before(view(), at);
    if (last <= begin) return false;
    const size_t other = last - size_of_character_before(view(), last);
    const char32_t c = character_at(view(), last);
    return is_word(c) && !is_decimal(c) && is_word(character_at(view(), other));
  }

  bool letters_after(size_t at, size_t end) const {
    if (at >= end || !is_word(character_at(view(), at))) return false;
    const size_t next = at + size_of_character(view(), at);
    if (next >= end) return false;
    const char32_t c = character_at(view(), next);
    return is_word(c) && !is_decimal(c);
  }

  // A word wider than a whole line: fills what is left of this one, or goes on a line of its own.
  template <class Take>
  void take_long_word(size_t room, bool line_is_empty, Take take) {
    Chunk& word = chunks_.front();
    if (!options_.break_long_words) {
      if (!line_is_empty) return;
      take(word);
      chunks_.pop_front();
      return;
    }
    if (room == 0) return;
    size_t cut = word.begin;
    for (size_t i = 0; i < room; ++i) cut += size_of_character(view(), cut);
    if (options_.break_on_hyphens) {
      const size_t hyphen = view().substr(word.begin, cut - word.begin).rfind('-');
      const bool usable = hyphen != std::string_view::npos && hyphen > 0 &&
                          view().substr(word.begin, hyphen).find_first_not_of('-') != std::string_view::npos;
      if (usable) cut = word.begin + hyphen + 1;
    }
    const size_t width = n_characters(view().substr(word.begin, cut - word.begin));
    take(Chunk{word.begin, cut, width, false});
    word.begin = cut;
    word.width -= width;
  }

  Heap& heap_;
  const Text& line_;
  const WrapOptions& options_;
  TextBuilder& out_;
  std::deque<Chunk> chunks_;
};

}  // namespace

Result<const Text*> word_wrap(Heap& heap, const Text& text, const WrapOptions& options) {
  TextBuilder out = heap.builder();
  bool first = true;
  for (const Value& line : TRY(split_lines(heap, text, /*keep_ends=*/false))) {
    if (!first) out.append(*options.between);
    first = false;
    TRY(heap.step_bytes(line.text->size * 4));
    TRY(Wrapper(heap, *line.text, options, out).run());
  }
  return heap.finish(out);
}

}  // namespace chat
