#include "chat/json_text.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/numbers.h"
#include "chat/sort.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

void append_unit(std::string& out, char32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back("0123456789abcdef"[unit >> shift & 15]);
}

void append_non_ascii(std::string& out, char32_t c) {
  if (c < 0x10000) return append_unit(out, c);
  append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
  append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out.push_back('\\');
      out.push_back(c);
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20)
        append_unit(out, static_cast<unsigned char>(c));
      else
        out.push_back(c);
  }
}

// Bytes that stand in JSON as they are.
bool is_plain(char c, bool ensure_ascii) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && c != '"' && c != '\\' && (!ensure_ascii || byte < 0x7F);
}

std::string quote(std::string_view text, bool ensure_ascii) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    while (at < text.size() && is_plain(text[at], ensure_ascii)) ++at;
    out.append(text.substr(begin, at - begin));
    if (at == text.size()) break;
    const char32_t c = character_at(text, at);
    if (c < 0x7F)
      append_ascii(out, text[at]);
    else
      append_non_ascii(out, c);
    at += size_of_character(text, at);
  }
  out.push_back('"');
  return out;
}

std::string json_number(const Value& number) {
  if (number.is(Kind::boolean)) return number.boolean ? "true" : "false";
  if (!number.is(Kind::floating)) return number_text(number);
  if (std::isnan(number.floating)) return "NaN";
  if (std::isinf(number.floating)) return number.floating < 0 ? "-Infinity" : "Infinity";
  return float_text(number.floating);
}

class JsonWriter {
 public:
  JsonWriter(Heap& heap, const JsonOptions& options, TextBuilder& out)
      : heap_(heap), options_(options), out_(out), max_depth_(heap.limits().max_depth) {}

  Status write(const Value& value, bool caller) {
    TRY(heap_.step());
    switch (value.kind) {
      case Kind::text:
        return text(*value.text, caller);
      case Kind::none:
        out_.append("null", !caller);
        return {};
      case Kind::boolean:
      case Kind::integer:
      case Kind::big_integer:
      case Kind::floating:
        out_.append(json_number(value), !caller);
        return {};
      case Kind::list:
      case Kind::tuple:
        return array(value.list->items, caller || value.list->from_caller);
      case Kind::dict:
        return object(*value.dict, caller || value.dict->from_caller);
      default:
        return fail(Code::unsupported,
                    base::cat("tojson: an object of type ", type_name(value), " cannot be written as JSON"));
    }
  }

 private:
  Status text(const Text& text, bool caller) {
    TRY(heap_.step_bytes(text.size));
    out_.append(quote(text.view(), options_.ensure_ascii), !caller && text.all_trusted());
    return {};
  }

  // Text of the options; inside what the caller gave it is the caller's like all the rest.
  void append(const Text& text, bool caller) {
    if (caller)
      out_.append(text.view(), false);
    else
      out_.append(text);
  }

  void new_line(bool caller) {
    if (options_.indent == nullptr) return;
    out_.append("\n", !caller);
    for (int i = 0; i < depth_; ++i) append(*options_.indent, caller);
  }

  Status enter() {
    if (++depth_ > max_depth_)
      return fail(Code::exhausted, base::cat("tojson: values nested deeper than ", max_depth_, " (limit)"));
    return {};
  }

  Status array(std::span<const Value> items, bool caller) {
    out_.append("[", !caller);
    if (!items.empty()) {
      TRY(enter());
      for (size_t i = 0; i < items.size(); ++i) {
        if (i > 0) append(*options_.item_separator, caller);
        new_line(caller);
        TRY(write(items[i], caller));
      }
      --depth_;
      new_line(caller);
    }
    out_.append("]", !caller);
    return {};
  }

  Status object(const Dict& dict, bool caller) {
    out_.append("{", !caller);
    if (dict.size > 0) {
      TRY(enter());
      std::span<const DictEntry> entries = dict.items();
      std::vector<DictEntry> sorted;
      if (options_.sort_keys) entries = sorted = TRY(sorted_by_key(dict));
      for (size_t i = 0; i < entries.size(); ++i) {
        if (i > 0) append(*options_.item_separator, caller);
        new_line(caller);
        TRY(key(entries[i].key, caller));
        append(*options_.key_separator, caller);
        TRY(write(entries[i].value, caller));
      }
      --depth_;
      new_line(caller);
    }
    out_.append("}", !caller);
    return {};
  }

  Status key(const Value& key, bool caller) {
    if (key.is_text()) return text(*key.text, caller);
    if (!key.is_number() && !key.is_none())
      return fail(Code::unsupported,
                  base::cat("tojson: keys must be str, int, float, bool or None, not ", type_name(key)));
    out_.append(base::cat("\"", key.is_none() ? "null" : json_number(key), "\""), !caller);
    return {};
  }

  Result<std::vector<DictEntry>> sorted_by_key(const Dict& dict) {
    std::vector<Value> keys;
    for (const DictEntry& entry : dict.items()) keys.push_back(entry.key);
    std::vector<DictEntry> sorted;
    for (size_t index : TRY(sorted_order(heap_, keys, /*reverse=*/false)))
      sorted.push_back(dict.entries[index]);
    return sorted;
  }

  Heap& heap_;
  const JsonOptions& options_;
  TextBuilder& out_;
  int depth_ = 0;
  int max_depth_;
};

}  // namespace

Status write_json(Heap& heap, const Value& value, const JsonOptions& options, TextBuilder& out) {
  return JsonWriter(heap, options, out).write(value, false);
}

}  // namespace chat
