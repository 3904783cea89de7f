#pragma once
// Template source to tokens, with Jinja's rules for blanks: trim_blocks and lstrip_blocks are on, the last
// line break of the source goes, '-' and '+' at a tag override both.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chat {

enum class TokenType : uint8_t {
  data,            // text between tags
  variable_begin,  // {{
  variable_end,
  block_begin,  // {%
  block_end,
  name,
  string,  // with its quotes, escapes as written
  integer,
  floating,
  symbol,  // an operator or bracket
  end,
};

struct Token {
  TokenType type;
  std::string_view text;  // into the source
  int line;
};

// Line breaks as "\n", and without the last one. The tokens point into such a text.
std::string normalize_lines(std::string_view source);

// The last token is `end`. Fails with the line for text that is no template.
base::Result<std::vector<Token>> tokenize(std::string_view normalized_source);

// The text of a string token: quotes gone, escapes (\n, \x41, \u00e9, \N{BULLET}) resolved as Python does.
base::Result<std::string> string_literal(const Token& token);

}  // namespace chat
