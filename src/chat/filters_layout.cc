#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/arguments.h"
#include "chat/dict.h"
#include "chat/filters.h"
#include "chat/iterate.h"
#include "chat/python_text.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"
#include "chat/urlize.h"
#include "chat/word_wrap.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

Result<Value> apply_indent(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"width", "first", "blank"};
  const auto [width, first, blank] = TRY(lay_out("indent", arguments, kNames));
  Heap& heap = interpreter.heap();
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_text()) return fail(Code::unsupported, "indent: expected a string");
  const Text& text = *TRY(to_text(heap, value));
  const Text* indentation = width.is_text() ? width.text : nullptr;
  if (indentation == nullptr) {
    const int64_t n = TRY(integer_or("indent", width, 4));
    indentation = TRY(pad(heap, *heap.empty_text(), n, *heap.borrow(" ", true), 0));
  }
  // Every line break becomes "\n"; one that was "\n" already keeps its origin, so lines are taken with their
  // ends.
  const std::vector<Value> lines = TRY(split_lines(heap, text, /*keep_ends=*/true));
  TextBuilder out = heap.builder();
  if (truth_or(first, false)) out.append(*indentation);
  const auto begin_line = [&](bool has_text) {
    if (has_text || truth_or(blank, false)) out.append(*indentation);
  };
  bool open = false;  // a line break was written, and no line yet after it
  for (size_t i = 0; i < lines.size(); ++i) {
    TRY(heap.step_bytes(indentation->size));
    const Text& line = *lines[i].text;
    const Text* body = TRY(split_lines(heap, line, /*keep_ends=*/false))[0].text;
    if (i > 0) begin_line(body->size > 0);
    out.append(*body);
    open = line.size > body->size;
    if (open) out.append("\n", trusted_at(line, body->size));
  }
  if (open) begin_line(false);
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), text.markup));
}

Result<Value> apply_wordwrap(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"width", "break_long_words", "wrapstring", "break_on_hyphens"};
  const auto [width, break_long_words, wrapstring, break_on_hyphens] =
      TRY(lay_out("wordwrap", arguments, kNames));
  Heap& heap = interpreter.heap();
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_text()) return fail(Code::unsupported, "wordwrap: expected a string");
  const Text* text = TRY(to_text(heap, value));
  WrapOptions options;
  options.width = TRY(integer_or("wordwrap", width, 79));
  options.break_long_words = truth_or(break_long_words, true);
  options.break_on_hyphens = truth_or(break_on_hyphens, true);
  const Text* between = wrapstring.is_none() ? nullptr : TRY(text_or("wordwrap", wrapstring, nullptr));
  options.between = between == nullptr ? heap.borrow("\n", true) : between;
  if (options.width <= 0) return fail(Code::unsupported, "wordwrap: the width must be positive");
  return Value::of(TRY(word_wrap(heap, *text, options)));
}

// Percent-encoding; each byte keeps the origin of its character. In a query a blank is '+' and '/' is
// encoded.
Status append_quoted(Heap& heap, const Text& text, bool query, TextBuilder& out) {
  constexpr std::string_view kPlain = "_.-~";
  TRY(heap.step_bytes(text.size * 4));
  for_each_run(text, 0, text.size, [&](size_t begin, size_t end, bool trusted) {
    std::string quoted;
    for (char c : text.view().substr(begin, end - begin)) {
      const bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
      if (letter || kPlain.find(c) != std::string_view::npos || (c == '/' && !query))
        quoted.push_back(c);
      else if (c == ' ' && query)
        quoted.push_back('+');
      else
        quoted += {'%', "0123456789ABCDEF"[c >> 4 & 15], "0123456789ABCDEF"[c & 15]};
    }
    out.append(quoted, trusted);
  });
  return {};
}

Result<Value> apply_urlencode(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("urlencode", arguments));
  Heap& heap = interpreter.heap();
  TextBuilder out = heap.builder();
  if (value.is_text() || !is_iterable(value)) {
    TRY(append_quoted(heap, *TRY(to_text(heap, value)), /*query=*/false, out));
    return Value::of(TRY(heap.finish(out)));
  }
  Value pairs = value;
  if (value.is(Kind::dict)) {
    pairs = Value::of_kind(Kind::dict_view);
    pairs.view = heap.make<DictView>(value.dict, ViewOf::items);
  }
  bool first = true;
  for (const Value& pair : TRY(items_of(heap, pairs))) {
    const std::span<const Value> two = TRY(items_of(heap, pair));
    if (two.size() != 2) return fail(Code::unsupported, "urlencode: expected pairs of key and value");
    if (!first) out.append("&", true);
    first = false;
    TRY(append_quoted(heap, *TRY(to_text(heap, two[0])), /*query=*/true, out));
    out.append("=", true);
    TRY(append_quoted(heap, *TRY(to_text(heap, two[1])), /*query=*/true, out));
  }
  return Value::of(TRY(heap.finish(out)));
}

Result<Value> apply_xmlattr(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"autospace"};
  const auto [autospace] = TRY(lay_out("xmlattr", arguments, kNames));
  Heap& heap = interpreter.heap();
  if (!value.is(Kind::dict))
    return fail(Code::unsupported, base::cat("xmlattr: expected a mapping, got ", type_name(value)));
  TextBuilder out = heap.builder();
  for (const DictEntry& entry : value.dict->items()) {
    if (entry.value.is_none() || entry.value.is_undefined()) continue;
    const Text* key = TRY(to_text(heap, entry.key));
    if (key->view().find_first_of(" \t\n\r\f\v/>=") != std::string_view::npos)
      return fail(Code::unsupported,
                  base::cat("xmlattr: '", base::printable(key->view(), 60), "' is no attribute name"));
    if (out.size() > 0 || truth_or(autospace, true)) out.append(" ", true);
    out.append(*TRY(escape(heap, *key)));
    out.append("=\"", true);
    out.append(*TRY(escape(heap, *TRY(to_text(heap, entry.value)))));
    out.append("\"", true);
  }
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), interpreter.autoescape()));
}

// Drops everything from each `open` to the next `close`.
Result<const Text*> drop_between(Heap& heap, const Text& text, std::string_view open,
                                 std::string_view close) {
  TextBuilder out = heap.builder();
  size_t at = 0;
  while (true) {
    const size_t begin = find_first(text.view(), open, at);
    const size_t end = begin == kNotFound ? kNotFound : find_first(text.view(), close, begin);
    if (end == kNotFound) break;
    out.append_part(text, at, begin);
    at = end + close.size();
  }
  out.append_part(text, at, text.size);
  return heap.finish(out);
}

// The entities that escape() writes, and their usual names.
Result<const Text*> unescape(Heap& heap, const Text& text) {
  constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#34;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
  TextBuilder out = heap.builder();
  for (size_t at = 0; at < text.size;) {
    const size_t mark = std::min(text.view().find('&', at), size_t{text.size});
    out.append_part(text, at, mark);
    at = mark;
    if (at >= text.size) break;
    bool found = false;
    for (const auto& [entity, character] : kEntities)
      if (!found && text.view().substr(at).starts_with(entity)) {
        bool trusted = true;
        for_each_run(text, at, at + entity.size(), [&](size_t, size_t, bool t) { trusted = trusted && t; });
        out.append(character, trusted);
        at += entity.size();
        found = true;
      }
    if (found) continue;
    out.append_part(text, at, at + 1);
    ++at;
  }
  return heap.finish(out);
}

Result<Value> apply_striptags(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  TRY(no_arguments("striptags", arguments));
  Heap& heap = interpreter.heap();
  const Text* text = TRY(to_text(heap, value));
  TRY(heap.step_bytes(text->size * 4));
  text = TRY(drop_between(heap, *text, "<!--", "-->"));
  text = TRY(drop_between(heap, *text, "<", ">"));
  TextBuilder joined = heap.builder();
  for (const Value& word : TRY(split_blanks(heap, *text, -1))) {
    if (joined.size() > 0) joined.append(" ", true);
    joined.append(*word.text);
  }
  return Value::of(TRY(unescape(heap, *TRY(heap.finish(joined)))));
}

Result<Value> apply_urlize(Interpreter& interpreter, const Value& value, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"trim_url_limit", "nofollow", "target", "rel", "extra_schemes"};
  const auto [limit, nofollow, target, rel, schemes] = TRY(lay_out("urlize", arguments, kNames));
  Heap& heap = interpreter.heap();
  UrlizeOptions options;
  options.trim_limit = limit.is_none() ? -1 : TRY(integer_or("urlize", limit, -1));
  options.nofollow = truth_or(nofollow, false);
  if (target.is_given() && !target.is_none()) options.target = TRY(text_or("urlize", target, nullptr));
  if (rel.is_given() && !rel.is_none()) options.rel = TRY(text_or("urlize", rel, nullptr));
  if (schemes.is_given() && !schemes.is_none())
    for (const Value& scheme : TRY(items_of(heap, schemes)))
      options.extra_schemes.push_back(TRY(text_or("urlize", scheme, nullptr)));
  return Value::of(
      heap.with_markup(*TRY(urlize(heap, *TRY(to_text(heap, value)), options)), interpreter.autoescape()));
}

constexpr FilterEntry kFilters[] = {
    {"indent", apply_indent},   {"wordwrap", apply_wordwrap},   {"urlencode", apply_urlencode},
    {"xmlattr", apply_xmlattr}, {"striptags", apply_striptags}, {"urlize", apply_urlize},
};

}  // namespace

std::span<const FilterEntry> layout_filters() {
  return kFilters;
}

}  // namespace chat
