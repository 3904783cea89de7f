#include "chat/parser.h"

#include "base/strings.h"
#include "base/utf8.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// Open brackets and blocks. CPython itself stops at 100 nested blocks and 200 parentheses.
constexpr int kMaxNesting = 100;
constexpr size_t kMaxSourceBytes = size_t{4} << 20;

std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::end:
      return "the end of the template";
    case TokenType::block_end:
      return "'%}'";
    case TokenType::variable_end:
      return "'}}'";
    case TokenType::data:
      return "text";
    default:
      return base::cat("'", base::printable(token.text, 40), "'");
  }
}

}  // namespace

Result<std::unique_ptr<Program>> parse_program(std::string_view source) {
  if (source.size() > kMaxSourceBytes)
    return fail(Code::exhausted, base::cat("the template has ", base::format_bytes(source.size()),
                                           ", more than ", base::format_bytes(kMaxSourceBytes), " (limit)"));
  auto program = std::make_unique<Program>();
  program->source = normalize_lines(base::to_valid_utf8(source));
  program->loop = program->symbols.number("loop");
  program->varargs = program->symbols.number("varargs");
  program->kwargs = program->symbols.number("kwargs");
  program->caller = program->symbols.number("caller");
  program->self = program->symbols.number("self");
  const std::vector<Token> tokens = TRY(tokenize(program->source));
  program->body = TRY(Parser(*program, tokens).run());
  program->read.resize(program->symbols.size());
  return program;
}

Result<Body> Parser::run() {
  const Body body = TRY(body_until({}));
  if (current().type != TokenType::end) return unexpected();
  if (unknown_) return std::unexpected(*unknown_);
  return body;
}

const Token& Parser::advance() {
  const Token& token = current();
  if (position_ + 1 < tokens_.size()) ++position_;
  return token;
}

bool Parser::at_symbol(std::string_view symbol) const {
  return current().type == TokenType::symbol && current().text == symbol;
}

bool Parser::at_name(std::string_view name) const {
  return current().type == TokenType::name && current().text == name;
}

bool Parser::skip_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  advance();
  return true;
}

bool Parser::skip_name(std::string_view name) {
  if (!at_name(name)) return false;
  advance();
  return true;
}

Status Parser::expect_symbol(std::string_view symbol) {
  if (skip_symbol(symbol)) return {};
  return error(base::cat("expected '", symbol, "', got ", describe(current())));
}

Status Parser::expect(TokenType type, std::string_view what) {
  if (current().type != type) return error(base::cat("expected ", what, ", got ", describe(current())));
  advance();
  return {};
}

Result<const Token*> Parser::expect_any_name() {
  if (current().type != TokenType::name)
    return error(base::cat("expected a name, got ", describe(current())));
  return &advance();
}

std::unexpected<base::Error> Parser::error(const std::string& what) const {
  return fail(Code::corrupt, base::cat("line ", current().line, ": ", what));
}

std::unexpected<base::Error> Parser::unexpected() const {
  return error(base::cat("unexpected ", describe(current())));
}

Status Parser::enter() {
  if (++depth_ > kMaxNesting)
    return fail(Code::exhausted, base::cat("line ", current().line, ": the template nests deeper than ",
                                           kMaxNesting, " brackets and blocks (limit)"));
  return {};
}

const Text* Parser::constant_text(std::string_view bytes) {
  Text* text = program_.arena.make<Text>();
  text->data = bytes.data();
  text->size = static_cast<uint32_t>(bytes.size());
  text->ascii = is_ascii(bytes);
  return text;
}

const Text* Parser::constant_copy(std::string_view bytes) {
  return constant_text({program_.arena.copy(std::span<const char>(bytes)).data(), bytes.size()});
}

Symbol Parser::symbol(std::string_view name) {
  return program_.symbols.number(name);
}

}  // namespace chat
