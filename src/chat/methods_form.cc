#include <algorithm>

#include "base/strings.h"
#include "chat/arguments.h"
#include "chat/methods.h"
#include "chat/text_forms.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

template <Casing casing>
Result<Value> call_recase(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("this method of a string", arguments));
  return Value::of(TRY(recase(interpreter.heap(), *self.text, casing)));
}

template <auto form>
Result<Value> call_form(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("this method of a string", arguments));
  return Value::of(TRY(form(interpreter.heap(), *self.text)));
}

// str.isdigit() and the like: true if the text is not empty and all its characters are of that kind.
template <bool (*is_one)(char32_t)>
Result<Value> call_all(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("this method of a string", arguments));
  TRY(interpreter.heap().step_bytes(self.text->size));
  bool all = self.text->size > 0;
  for_each_character(self.text->view(), [&](size_t, size_t, char32_t c) { all = all && is_one(c); });
  return Value::of(all);
}

bool is_alphanumeric(char32_t c) {
  return is_alphabetic(c) || is_decimal(c) || is_digit(c) || is_numeric(c);
}

Result<Value> call_isascii(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("isascii", arguments));
  return Value::of(self.text->ascii);
}

Result<Value> call_isprintable(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("isprintable", arguments));
  bool all = true;
  for_each_character(self.text->view(), [&](size_t, size_t, char32_t c) { all = all && is_printable(c); });
  return Value::of(all);
}

Result<Value> call_isidentifier(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("isidentifier", arguments));
  bool all = self.text->size > 0;
  for_each_character(self.text->view(), [&](size_t at, size_t, char32_t c) {
    all = all && (at == 0 ? starts_identifier(c) : continues_identifier(c));
  });
  return Value::of(all);
}

// A capital begins each word and nothing else is one.
Result<Value> call_istitle(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("istitle", arguments));
  bool ok = true, any = false, after_case = false;
  for_each_character(self.text->view(), [&](size_t, size_t, char32_t c) {
    const bool capital = is_upper(c) || is_title(c), small = is_lower(c);
    if (capital) ok = ok && !after_case;
    if (small) ok = ok && after_case;
    any |= capital || small;
    after_case = capital || small;
  });
  return Value::of(ok && any);
}

template <bool (*wanted)(char32_t), bool (*unwanted)(char32_t)>
Result<Value> call_has_case(Interpreter&, const Value& self, const Arguments& arguments) {
  TRY(no_arguments("this method of a string", arguments));
  bool any = false, none = true;
  for_each_character(self.text->view(), [&](size_t, size_t, char32_t c) {
    any |= wanted(c);
    none = none && !unwanted(c) && !is_title(c);
  });
  return Value::of(any && none);
}

struct Padding {
  int64_t width, room;
  const Text* fill;
};
Result<Padding> padding(Interpreter& interpreter, std::string_view name, const Value& self,
                        const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"width", "fillchar"};
  const auto [width, fillchar] = TRY(lay_out_positional(name, arguments, kNames, 1));
  const Text* fill = TRY(text_or(name, fillchar, interpreter.heap().borrow(" ", true)));
  if (n_characters(*fill) != 1)
    return fail(Code::unsupported, base::cat(name, ": the fill character must be one character"));
  const int64_t size = static_cast<int64_t>(n_characters(*self.text));
  const int64_t wanted = TRY(integer_or(name, width, 0));
  return Padding{wanted, wanted > size ? wanted - size : 0, fill};
}

Result<Value> call_center(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Padding p = TRY(padding(interpreter, "center", self, arguments));
  return Value::of(TRY(center(interpreter.heap(), *self.text, p.width, *p.fill)));
}
Result<Value> call_ljust(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Padding p = TRY(padding(interpreter, "ljust", self, arguments));
  return Value::of(TRY(pad(interpreter.heap(), *self.text, 0, *p.fill, p.room)));
}
Result<Value> call_rjust(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Padding p = TRY(padding(interpreter, "rjust", self, arguments));
  return Value::of(TRY(pad(interpreter.heap(), *self.text, p.room, *p.fill, 0)));
}

Result<Value> call_zfill(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"width"};
  const auto [width] = TRY(lay_out_positional("zfill", arguments, kNames, 1));
  Heap& heap = interpreter.heap();
  const int64_t room = TRY(integer_or("zfill", width, 0)) - static_cast<int64_t>(n_characters(*self.text));
  const bool has_sign = self.text->view().starts_with('-') || self.text->view().starts_with('+');
  const Text* sign = heap.piece(*self.text, 0, has_sign ? 1 : 0);
  const Text* digits = heap.piece(*self.text, has_sign ? 1 : 0, self.text->size);
  const Text* filled = TRY(pad(heap, *digits, room, *heap.borrow("0", true), 0));
  return Value::of(TRY(heap.concatenate(*sign, *filled)));
}

Result<Value> call_expandtabs(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"tabsize"};
  const auto [tabsize] = TRY(lay_out("expandtabs", arguments, kNames));
  const int64_t size = TRY(integer_or("expandtabs", tabsize, 8));
  Heap& heap = interpreter.heap();
  const std::string_view view = self.text->view();
  const size_t n_tabs = static_cast<size_t>(std::count(view.begin(), view.end(), '\t'));
  if (size > 0 && n_tabs > 0) TRY(heap.reserve(n_tabs, static_cast<size_t>(size)));
  TextBuilder out = heap.builder();
  int64_t column = 0;
  for_each_character(view, [&](size_t at, size_t length, char32_t c) {
    if (c == '\t') {
      const int64_t n = size > 0 ? size - column % size : 0;
      out.append(std::string(static_cast<size_t>(n), ' '), trusted_at(*self.text, at));
      column += n;
    } else {
      out.append_part(*self.text, at, at + length);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
  });
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), self.text->markup));
}

Result<Value> call_encode(Interpreter&, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kNames[] = {"encoding", "errors"};
  const auto [encoding, errors] = TRY(lay_out("encode", arguments, kNames));
  if (encoding.is_text() && base::to_lower_ascii(encoding.text->view()) != "utf-8" &&
      base::to_lower_ascii(encoding.text->view()) != "utf8")
    return fail(Code::unsupported, "encode: only utf-8");
  Value value = Value::of_kind(Kind::bytes);
  value.text = self.text;
  return value;
}

constexpr MethodEntry kMethods[] = {
    {"upper", call_recase<Casing::upper>},
    {"lower", call_recase<Casing::lower>},
    {"casefold", call_recase<Casing::fold>},
    {"title", call_form<title>},
    {"capitalize", call_form<capitalize>},
    {"swapcase", call_form<swap_case>},
    {"isalnum", call_all<is_alphanumeric>},
    {"isalpha", call_all<is_alphabetic>},
    {"isascii", call_isascii},
    {"isdecimal", call_all<is_decimal>},
    {"isdigit", call_all<is_digit>},
    {"isidentifier", call_isidentifier},
    {"islower", call_has_case<is_lower, is_upper>},
    {"isnumeric", call_all<is_numeric>},
    {"isprintable", call_isprintable},
    {"isspace", call_all<is_space>},
    {"istitle", call_istitle},
    {"isupper", call_has_case<is_upper, is_lower>},
    {"center", call_center},
    {"ljust", call_ljust},
    {"rjust", call_rjust},
    {"zfill", call_zfill},
    {"expandtabs", call_expandtabs},
    {"encode", call_encode},
};

}  // namespace

std::span<const MethodEntry> text_form_methods() {
  return kMethods;
}

}  // namespace chat
