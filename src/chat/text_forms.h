#pragma once
// Rewriting texts so that every character keeps the origin of the one it was made from.
#include "base/result.h"
#include "chat/heap.h"
#include "chat/unicode.h"
#include "chat/value.h"

namespace chat {

// upper, lower, casefold of every character.
base::Result<const Text*> recase(Heap& heap, const Text& text, Casing casing);
base::Result<const Text*> swap_case(Heap& heap, const Text& text);
base::Result<const Text*> capitalize(Heap& heap, const Text& text);
// str.title(): a capital after anything that has no case.
base::Result<const Text*> title(Heap& heap, const Text& text);
// Jinja's title filter: a capital after blanks and opening brackets.
base::Result<const Text*> title_words(Heap& heap, const Text& text);

// `text` without characters of `set` (null: blanks) at its ends.
const Text* strip(Heap& heap, const Text& text, const Text* set, bool left, bool right);

// Padding of `n_left` and `n_right` times `fill`.
base::Result<const Text*> pad(Heap& heap, const Text& text, int64_t n_left, const Text& fill,
                              int64_t n_right);
base::Result<const Text*> center(Heap& heap, const Text& text, int64_t width, const Text& fill);

// str.replace(); all if `most` is negative.
base::Result<const Text*> replace(Heap& heap, const Text& text, const Text& old, const Text& by,
                                  int64_t most);

// HTML-escaped; what is marked safe stays.
base::Result<const Text*> escape(Heap& heap, const Text& text);

// Pieces. `keep_ends`: line breaks stay at their lines.
base::Result<std::vector<Value>> split_lines(Heap& heap, const Text& text, bool keep_ends);
base::Result<std::vector<Value>> split_blanks(Heap& heap, const Text& text, int64_t most);
base::Result<std::vector<Value>> split_blanks_from_end(Heap& heap, const Text& text, int64_t most);
base::Result<std::vector<Value>> split(Heap& heap, const Text& text, const Text& separator, int64_t most);
base::Result<std::vector<Value>> split_from_end(Heap& heap, const Text& text, const Text& separator,
                                                int64_t most);

}  // namespace chat
