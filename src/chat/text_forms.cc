#include "chat/text_forms.h"

#include <algorithm>

#include "base/utf8.h"
#include "chat/text_search.h"

namespace chat {

using base::Result;

namespace {

// Rewrites character by character: f(out, offset, code point) appends what the character becomes.
template <class Function>
Result<const Text*> rewrite(Heap& heap, const Text& text, Function f) {
  TRY(heap.step_bytes(text.size * 4));
  TextBuilder out = heap.builder();
  std::string characters;
  for_each_run(text, 0, text.size, [&](size_t begin, size_t end, bool trusted) {
    characters.clear();
    for (size_t at = begin; at < end; at += size_of_character(text.view(), at))
      f(characters, at, character_at(text.view(), at));
    out.append(characters, trusted);
  });
  return heap.with_markup(*TRY(heap.finish(out)), text.markup);
}

void append_simple(std::string& out, char32_t c, Casing casing) {
  if (c >= 0x80) return append_cased(out, c, casing);
  const char letter = static_cast<char>(c);
  const bool lower = letter >= 'a' && letter <= 'z', upper = letter >= 'A' && letter <= 'Z';
  const bool wants_upper = casing == Casing::upper || casing == Casing::title;
  out.push_back(
      static_cast<char>((wants_upper && lower) || (!wants_upper && upper) ? letter ^ 0x20 : letter));
}

// Whether the capital sigma at `offset` ends a word: something with case before it and nothing with case
// after.
bool is_final_sigma(const Text& text, size_t offset) {
  const std::string_view view = text.view();
  bool cased_before = false;
  for (size_t at = offset; at > 0;) {
    at -= size_of_character_before(view, at);
    const char32_t c = character_at(view, at);
    if (is_case_ignorable(c)) continue;
    cased_before = is_cased(c);
    break;
  }
  if (!cased_before) return false;
  for (size_t at = offset + 2; at < view.size(); at += size_of_character(view, at)) {
    const char32_t c = character_at(view, at);
    if (!is_case_ignorable(c)) return !is_cased(c);
  }
  return true;
}

void append_lower(std::string& out, const Text& text, size_t offset, char32_t c) {
  constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;
  if (c == kCapitalSigma && is_final_sigma(text, offset))
    base::append_utf8(out, kFinalSigma);
  else
    append_simple(out, c, Casing::lower);
}

bool has_case(char32_t c) {
  return c < 0x80 ? (c | 0x20) >= 'a' && (c | 0x20) <= 'z' : is_cased(c);
}

bool in_set(std::u32string_view set, char32_t c) {
  return set.find(c) != std::u32string_view::npos;
}

std::u32string characters_of(const Text& text) {
  std::u32string result;
  for_each_character(text.view(), [&](size_t, size_t, char32_t c) { result.push_back(c); });
  return result;
}

Value piece(Heap& heap, const Text& text, size_t begin, size_t end) {
  return Value::of(heap.piece(text, begin, end));
}

bool ends_line(char32_t c) {
  return c == '\n' || c == '\r' || c == 0x0B || c == 0x0C || (c >= 0x1C && c <= 0x1E) || c == 0x85 ||
         c == 0x2028 || c == 0x2029;
}

}  // namespace

Result<const Text*> recase(Heap& heap, const Text& text, Casing casing) {
  return rewrite(heap, text, [&](std::string& out, size_t offset, char32_t c) {
    if (casing == Casing::lower)
      append_lower(out, text, offset, c);
    else
      append_simple(out, c, casing);
  });
}

Result<const Text*> swap_case(Heap& heap, const Text& text) {
  return rewrite(heap, text, [&](std::string& out, size_t offset, char32_t c) {
    if (is_upper(c))
      append_lower(out, text, offset, c);
    else
      append_simple(out, c, is_lower(c) ? Casing::upper : Casing::lower);
  });
}

Result<const Text*> capitalize(Heap& heap, const Text& text) {
  return rewrite(heap, text, [&](std::string& out, size_t offset, char32_t c) {
    if (offset == 0)
      append_simple(out, c, Casing::title);
    else
      append_lower(out, text, offset, c);
  });
}

Result<const Text*> title(Heap& heap, const Text& text) {
  bool after_case = false;
  return rewrite(heap, text, [&](std::string& out, size_t offset, char32_t c) {
    if (after_case)
      append_lower(out, text, offset, c);
    else
      append_simple(out, c, Casing::title);
    after_case = has_case(c);
  });
}

Result<const Text*> title_words(Heap& heap, const Text& text) {
  bool begins_word = true;
  const Text* plain = heap.with_markup(text, false);
  return rewrite(heap, *plain, [&](std::string& out, size_t offset, char32_t c) {
    if (begins_word)
      append_simple(out, c, Casing::upper);
    else
      append_lower(out, text, offset, c);
    begins_word = c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || is_space(c);
  });
}

const Text* strip(Heap& heap, const Text& text, const Text* set, bool left, bool right) {
  const std::u32string characters = set == nullptr ? std::u32string() : characters_of(*set);
  const auto goes = [&](char32_t c) { return set == nullptr ? is_space(c) : in_set(characters, c); };
  const std::string_view view = text.view();
  size_t begin = 0, end = text.size;
  while (left && begin < end && goes(character_at(view, begin))) begin += size_of_character(view, begin);
  while (right && end > begin) {
    const size_t size = size_of_character_before(view, end);
    if (!goes(character_at(view, end - size))) break;
    end -= size;
  }
  return begin == 0 && end == text.size ? &text : heap.piece(text, begin, end);
}

Result<const Text*> pad(Heap& heap, const Text& text, int64_t n_left, const Text& fill, int64_t n_right) {
  const size_t left = n_left > 0 ? static_cast<size_t>(n_left) : 0,
               right = n_right > 0 ? static_cast<size_t>(n_right) : 0;
  if (left + right == 0) return &text;
  TRY(heap.reserve(left + right, std::max<size_t>(fill.size, 1)));
  TextBuilder out = heap.builder();
  for (size_t i = 0; i < left; ++i) out.append(fill);
  out.append(text);
  for (size_t i = 0; i < right; ++i) out.append(fill);
  return heap.with_markup(*TRY(heap.finish(out)), text.markup);
}

Result<const Text*> center(Heap& heap, const Text& text, int64_t width, const Text& fill) {
  const int64_t size = static_cast<int64_t>(n_characters(text));
  if (width <= size) return &text;
  const int64_t room = width - size;
  const int64_t left = room / 2 + (room & width & 1);  // where CPython puts the odd one
  return pad(heap, text, left, fill, room - left);
}

Result<const Text*> replace(Heap& heap, const Text& text, const Text& old, const Text& by, int64_t most) {
  TRY(heap.step_bytes(text.size));
  TextBuilder out = heap.builder();
  size_t copied = 0, at = 0;
  for (int64_t n = 0; most < 0 || n < most; ++n) {
    const size_t found = find_first(text.view(), old.view(), at);
    if (found == kNotFound) break;
    TRY(heap.step_bytes(by.size));
    out.append_part(text, copied, found);
    out.append(by);
    copied = found + old.size;
    if (old.size > 0) {
      at = copied;
    } else {  // an empty text is found before every character and at the end
      if (found >= text.size) break;
      at = found + size_of_character(text.view(), found);
    }
    if (out.overflowed()) break;
  }
  if (copied == 0 && out.size() == 0) return &text;
  out.append_part(text, copied, text.size);
  return heap.with_markup(*TRY(heap.finish(out)), text.markup);
}

Result<const Text*> escape(Heap& heap, const Text& text) {
  if (text.markup) return &text;
  if (text.view().find_first_of("&<>'\"") == std::string_view::npos) return heap.with_markup(text, true);
  const Text* escaped = TRY(rewrite(heap, text, [](std::string& out, size_t, char32_t c) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        base::append_utf8(out, c);
    }
  }));
  return heap.with_markup(*escaped, true);
}

Result<std::vector<Value>> split_lines(Heap& heap, const Text& text, bool keep_ends) {
  std::vector<Value> lines;
  const std::string_view view = text.view();
  size_t begin = 0;
  for (size_t at = 0; at < view.size();) {
    const size_t size = size_of_character(view, at);
    if (!ends_line(character_at(view, at))) {
      at += size;
      continue;
    }
    const size_t next = view.substr(at).starts_with("\r\n") ? at + 2 : at + size;
    TRY(heap.step());
    lines.push_back(piece(heap, text, begin, keep_ends ? next : at));
    begin = at = next;
  }
  if (begin < view.size()) lines.push_back(piece(heap, text, begin, view.size()));
  return lines;
}

Result<std::vector<Value>> split_blanks(Heap& heap, const Text& text, int64_t most) {
  std::vector<Value> pieces;
  const std::string_view view = text.view();
  const auto skip = [&](size_t at, bool blanks) {
    while (at < view.size() && is_space(character_at(view, at)) == blanks) at += size_of_character(view, at);
    return at;
  };
  for (size_t at = skip(0, true); at < view.size();) {
    const bool is_last = most >= 0 && static_cast<int64_t>(pieces.size()) == most;
    const size_t end = is_last ? view.size() : skip(at, false);
    TRY(heap.step());
    pieces.push_back(piece(heap, text, at, end));
    at = skip(end, true);
  }
  return pieces;
}

Result<std::vector<Value>> split_blanks_from_end(Heap& heap, const Text& text, int64_t most) {
  std::vector<Value> pieces;
  const std::string_view view = text.view();
  const auto skip_back = [&](size_t at, bool blanks) {
    while (at > 0) {
      const size_t size = size_of_character_before(view, at);
      if (is_space(character_at(view, at - size)) != blanks) break;
      at -= size;
    }
    return at;
  };
  for (size_t end = skip_back(view.size(), true); end > 0;) {
    const bool is_last = most >= 0 && static_cast<int64_t>(pieces.size()) == most;
    const size_t begin = is_last ? 0 : skip_back(end, false);
    TRY(heap.step());
    pieces.push_back(piece(heap, text, begin, end));
    end = skip_back(begin, true);
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

Result<std::vector<Value>> split(Heap& heap, const Text& text, const Text& separator, int64_t most) {
  std::vector<Value> pieces;
  size_t begin = 0;
  while (most < 0 || static_cast<int64_t>(pieces.size()) < most) {
    const size_t found = find_first(text.view(), separator.view(), begin);
    if (found == kNotFound) break;
    TRY(heap.step());
    pieces.push_back(piece(heap, text, begin, found));
    begin = found + separator.size;
  }
  TRY(heap.step());
  pieces.push_back(piece(heap, text, begin, text.size));
  return pieces;
}

Result<std::vector<Value>> split_from_end(Heap& heap, const Text& text, const Text& separator, int64_t most) {
  // Places are found from the back ("aaa" splits at its last "aa"), on one reversed copy so that this stays
  // linear.
  const std::string backward(text.view().rbegin(), text.view().rend());
  const std::string backward_separator(separator.view().rbegin(), separator.view().rend());
  std::vector<Value> pieces;
  size_t end = text.size;
  while (most < 0 || static_cast<int64_t>(pieces.size()) < most) {
    const size_t found = find_first(backward, backward_separator, text.size - end);
    if (found == kNotFound) break;
    const size_t begin = text.size - found;  // behind the separator
    TRY(heap.step());
    pieces.push_back(piece(heap, text, begin, end));
    end = begin - separator.size;
  }
  TRY(heap.step());
  pieces.push_back(piece(heap, text, 0, end));
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

}  // namespace chat
