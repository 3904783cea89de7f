#include "chat/python_text.h"

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/dict.h"
#include "chat/iterate.h"
#include "chat/numbers.h"
#include "chat/text_search.h"
#include "chat/unicode.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

void append_hex(std::string& out, char32_t c, int n_digits) {
  for (int shift = (n_digits - 1) * 4; shift >= 0; shift -= 4)
    out.push_back("0123456789abcdef"[c >> shift & 15]);
}

void append_escaped(std::string& out, char32_t c, char quote) {
  if (c == static_cast<char32_t>(quote) || c == '\\') {
    out.push_back('\\');
    out.push_back(static_cast<char>(c));
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (is_printable(c)) {
    base::append_utf8(out, c);
  } else if (c < 0x100) {
    out += "\\x";
    append_hex(out, c, 2);
  } else if (c < 0x10000) {
    out += "\\u";
    append_hex(out, c, 4);
  } else {
    out += "\\U";
    append_hex(out, c, 8);
  }
}

// b'\xc3\xa9': bytes beyond ASCII one by one.
std::string quote_bytes(std::string_view bytes) {
  const bool single = bytes.find('\'') != std::string_view::npos;
  const char quote = single && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x7F) {
      append_escaped(out, code, quote);
      continue;
    }
    out += "\\x";
    append_hex(out, code, 2);
  }
  out.push_back(quote);
  return out;
}

class Writer {
 public:
  Writer(Heap& heap, TextBuilder& out) : heap_(heap), out_(out), max_depth_(heap.limits().max_depth) {}

  // `caller`: inside something that the caller gave, where all is the caller's.
  Status repr(const Value& value, bool caller) {
    TRY(heap_.step());
    switch (value.kind) {
      case Kind::text:
      case Kind::bytes:
        return quoted(value, caller);
      case Kind::list:
      case Kind::tuple:
        return sequence(value, caller || value.list->from_caller);
      case Kind::dict:
        return dict(*value.dict, caller || value.dict->from_caller);
      case Kind::dict_view:
        return view(value, caller);
      case Kind::name_space:
        return name_space(*value.name_space, caller);
      default:
        out_.append(simple(value), !caller);
        return {};
    }
  }

  static std::string simple(const Value& value) {
    switch (value.kind) {
      case Kind::none:
        return "None";
      case Kind::boolean:
      case Kind::integer:
      case Kind::big_integer:
      case Kind::floating:
        return number_text(value);
      case Kind::undefined:
        return "Undefined";
      case Kind::range:
        return range(*value.range);
      case Kind::self:
        return "<TemplateReference None>";
      case Kind::loop:
        return base::cat("<LoopContext ", value.loop->index + 1, "/", value.loop->length, ">");
      default:
        return base::cat("<", type_name(value), ">");
    }
  }

 private:
  static std::string range(const Range& r) {
    const std::string step = r.step == 1 ? "" : base::cat(", ", r.step);
    return base::cat("range(", r.start, ", ", r.stop, step, ")");
  }

  Status enter() {
    if (++depth_ > max_depth_)
      return fail(Code::exhausted,
                  base::cat("values nested deeper than ", max_depth_, " cannot be printed (limit)"));
    return {};
  }

  // A text is one unit: the caller's with quotes and escapes if any of its bytes is.
  Status quoted(const Value& value, bool caller) {
    const bool trusted = !caller && value.text->all_trusted();
    TRY(heap_.step_bytes(value.text->size));
    if (value.is(Kind::bytes)) out_.append("b", trusted);
    const bool markup = value.is_text() && value.text->markup;
    if (markup) out_.append("Markup(", trusted);
    out_.append(value.is_text() ? quote_as_python(value.text->view()) : quote_bytes(value.text->view()),
                trusted);
    if (markup) out_.append(")", trusted);
    return {};
  }

  Status sequence(const Value& value, bool caller) {
    const bool tuple = value.is(Kind::tuple);
    const std::span<const Value> items = value.list->items;
    TRY(enter());
    out_.append(tuple ? "(" : "[", !caller);
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.append(", ", !caller);
      TRY(repr(items[i], caller));
    }
    if (tuple && items.size() == 1) out_.append(",", !caller);
    out_.append(tuple ? ")" : "]", !caller);
    --depth_;
    return {};
  }

  Status dict(const Dict& dict, bool caller) {
    TRY(enter());
    out_.append("{", !caller);
    for (size_t i = 0; i < dict.size; ++i) {
      if (i > 0) out_.append(", ", !caller);
      TRY(repr(dict.entries[i].key, caller));
      out_.append(": ", !caller);
      TRY(repr(dict.entries[i].value, caller));
    }
    out_.append("}", !caller);
    --depth_;
    return {};
  }

  Status view(const Value& value, bool caller) {
    out_.append(base::cat(type_name(value), "("), !caller);
    Walker walker = TRY(walk(heap_, value));
    std::vector<Value> items;
    for (Value next = TRY(walker.next()); next.is_given(); next = TRY(walker.next())) items.push_back(next);
    TRY(sequence(list_of(heap_, items), caller));
    out_.append(")", !caller);
    return {};
  }

  Status name_space(const Namespace& name_space, bool caller) {
    TRY(enter());
    out_.append("<Namespace ", !caller);
    TRY(dict(*name_space.members, caller));
    out_.append(">", !caller);
    --depth_;
    return {};
  }

  Heap& heap_;
  TextBuilder& out_;
  int depth_ = 0;
  int max_depth_;
};

}  // namespace

std::string quote_as_python(std::string_view text) {
  const bool single = text.find('\'') != std::string_view::npos;
  const char quote = single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for_each_character(text, [&](size_t, size_t, char32_t c) { append_escaped(out, c, quote); });
  out.push_back(quote);
  return out;
}

Status write_repr(Heap& heap, const Value& value, TextBuilder& out) {
  return Writer(heap, out).repr(value, false);
}

Status write_text(Heap& heap, const Value& value, TextBuilder& out) {
  if (value.is_undefined()) return {};
  if (!value.is_text()) return write_repr(heap, value, out);
  TRY(heap.step_bytes(value.text->size));
  out.append(*value.text);
  return {};
}

Result<const Text*> to_text(Heap& heap, const Value& value) {
  if (value.is_text()) return value.text;
  if (value.is_undefined()) return heap.empty_text();
  TextBuilder out = heap.builder();
  TRY(write_text(heap, value, out));
  return heap.finish(out);
}

std::string describe_undefined(const Value& undefined) {
  const std::string name =
      undefined.text == nullptr ? "" : base::cat("'", base::printable(undefined.text->view(), 60), "'");
  switch (undefined.missing) {
    case Missing::name:
      return base::cat(name, " is undefined");
    case Missing::attribute:
      return base::cat("there is no attribute or key ", name);
    case Missing::unsafe:
      return base::cat("access to attribute ", name, " is not allowed in a template");
    case Missing::element:
      return "there is no such element";
    case Missing::other:
      break;
  }
  return name.empty() ? "the value is undefined" : base::cat("parameter ", name, " was not given");
}

}  // namespace chat
