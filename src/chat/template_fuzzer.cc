// Any text as a template: no crash, limits hold, and nothing of the caller's ever counts as the template's.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "chat/template.h"

namespace {

// U+E000 stands in every string of the caller and, unless the source can spell it, nowhere else.
constexpr std::string_view kMark = "\xEE\x80\x80";

chat::RenderInput make_input() {
  chat::RenderInput input;
  input.messages = *base::Json::parse(R"([
    {"role": "system", "content": "Be brief. "},
    {"role": "user", "content": "  hello <b>World</b>\n\nline two \n", "n": 3, "f": 2.5, "list": ["a", "b", ["c"]]},
    {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"k": "v"}}}]}])");
  input.tools =
      *base::Json::parse(R"([{"function": {"name": "get", "parameters": {"q": {"type": "string"}}}}])");
  input.variables = *base::Json::parse(R"({"bos_token": "<s>", "add_generation_prompt": true, "x": 5})");
  input.now = {2025, 3, 14, 9, 26, 53};
  return input;
}

void mark_strings(base::Json& json) {
  if (json.is_string()) json = json.as_string() + std::string(kMark);
  if (json.is_array())
    for (base::Json& item : json.as_array()) mark_strings(item);
  if (json.is_object())
    for (base::Json::Member& member : json.as_object()) mark_strings(member.value);
}

void check_ranges(const chat::Rendered& rendered) {
  size_t end = 0;
  bool first = true;
  for (const chat::ByteRange& range : rendered.trusted) {
    CHECK(range.begin < range.end && range.end <= rendered.text.size());
    CHECK(first ? true : range.begin > end);
    end = range.end;
    first = false;
  }
}

void check_origin(const chat::Rendered& rendered) {
  for (const chat::ByteRange& range : rendered.trusted)
    CHECK(std::string_view(rendered.text).substr(range.begin, range.end - range.begin).find(kMark) ==
          std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  static const chat::RenderInput input = [] {
    chat::RenderInput made = make_input();
    mark_strings(made.messages);
    mark_strings(made.tools);
    return made;
  }();
  const auto parsed = chat::Template::parse(source);
  if (!parsed) return 0;
  chat::RenderLimits limits;
  limits.max_steps = 20'000;
  limits.max_output_bytes = 1 << 20;
  limits.max_memory_bytes = 4 << 20;
  const auto rendered = parsed->render(input, limits);
  if (!rendered) return 0;
  CHECK(base::is_valid_utf8(rendered->text));
  check_ranges(*rendered);
  const bool can_spell_mark = source.find('\\') != source.npos || source.find(kMark) != source.npos;
  if (!can_spell_mark) check_origin(*rendered);
  return 0;
}
