// Thoughts and answers come out the same however the text was cut, and nothing is made up.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "chat/reasoning_parser.h"

namespace {

chat::ReasoningParser::Piece split(std::string_view text, bool inside, size_t cut) {
  chat::ReasoningParser parser(inside);
  chat::ReasoningParser::Piece whole;
  const auto add = [&](const chat::ReasoningParser::Piece& piece) {
    whole.reasoning += piece.reasoning;
    whole.content += piece.content;
  };
  for (size_t at = 0; at < text.size(); at += cut) add(parser.push(text.substr(at, cut)));
  add(parser.finish());
  return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool inside = (data[0] & 1) != 0;
  const auto whole = split(text, inside, text.size() + 1);
  const auto cut = split(text, inside, size_t{data[1] % 17u} + 1);
  CHECK(whole.reasoning == cut.reasoning && whole.content == cut.content);
  CHECK(text.find(whole.reasoning) != std::string_view::npos);
  CHECK(text.ends_with(whole.content));
  return 0;
}
