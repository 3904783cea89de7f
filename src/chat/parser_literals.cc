#include "base/strings.h"
#include "chat/parser.h"

namespace chat {

Parser::ExpressionResult Parser::primary() {
  switch (current().type) {
    case TokenType::name:
      return name();
    case TokenType::string:
      return text();
    case TokenType::integer:
    case TokenType::floating:
      return number();
    default:
      break;
  }
  if (at_symbol("(")) return tuple(/*parentheses=*/true);
  if (at_symbol("[")) return list();
  if (at_symbol("{")) return dict();
  return unexpected();
}

Parser::ExpressionResult Parser::name() {
  const std::string_view word = current().text;
  const bool is_true = word == "true" || word == "True", is_false = word == "false" || word == "False";
  if (is_true || is_false || word == "none" || word == "None") {
    Expression* node = make(ExpressionKind::constant);
    advance();
    node->constant = is_true || is_false ? Value::of(is_true) : Value::none();
    return finish(node);
  }
  Expression* node = make(ExpressionKind::name);
  advance();
  node->symbol = symbol(word);
  node->text = constant_text(word);
  if (program_.read.size() <= node->symbol) program_.read.resize(node->symbol + 1);
  program_.read[node->symbol] = true;
  mentions_.varargs |= node->symbol == program_.varargs;
  mentions_.kwargs |= node->symbol == program_.kwargs;
  mentions_.caller |= node->symbol == program_.caller;
  return finish(node);
}

Parser::ExpressionResult Parser::text() {
  Expression* node = make(ExpressionKind::constant);
  std::string joined;
  while (current().type == TokenType::string) joined += TRY(string_literal(advance()));
  node->constant = Value::of(constant_copy(joined));
  return finish(node);
}

Parser::ExpressionResult Parser::number() {
  Expression* node = make(ExpressionKind::constant);
  const Token& token = advance();
  std::string digits(token.text);
  std::erase(digits, '_');
  if (token.type == TokenType::floating) {
    const std::optional<double> value = parse_float(digits);
    if (!value) return unexpected();
    node->constant = Value::of(*value);
    return finish(node);
  }
  // The number's digits, if it has many, lie in the program's arena like everything else here.
  RenderLimits limits;
  Heap heap(limits);
  const std::optional<Value> value = TRY(parse_integer(heap, digits, 0));
  if (!value && digits.find_first_not_of('0') != std::string::npos) return unexpected();
  node->constant = value ? *value : Value::of(int64_t{0});
  if (node->constant.is(Kind::big_integer)) {
    const BigLimbs& big = *node->constant.big;
    node->constant.big = program_.arena.make<BigLimbs>(big.negative, program_.arena.copy(big.limbs));
  }
  return finish(node);
}

bool Parser::at_tuple_end() const {
  return current().type == TokenType::variable_end || current().type == TokenType::block_end ||
         at_symbol(")");
}

Parser::ExpressionResult Parser::expression_or_tuple() {
  return tuple(/*parentheses=*/false);
}

Parser::ExpressionResult Parser::tuple(bool parentheses) {
  Expression* node = make(ExpressionKind::tuple);
  if (parentheses) advance();
  std::vector<const Expression*> items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) TRY(expect_symbol(","));
    if (at_tuple_end()) break;
    items.push_back(TRY(expression()));
    if (!at_symbol(",")) break;
    is_tuple = true;
  }
  if (parentheses) TRY(expect_symbol(")"));
  if (!is_tuple && !items.empty()) return items.front();
  if (!is_tuple && !parentheses) return unexpected();
  node->items = program_.arena.copy(items);
  return finish(node);
}

Parser::ExpressionResult Parser::list() {
  Expression* node = make(ExpressionKind::list);
  advance();
  std::vector<const Expression*> items;
  while (!at_symbol("]")) {
    if (!items.empty()) TRY(expect_symbol(","));
    if (at_symbol("]")) break;
    items.push_back(TRY(expression()));
  }
  advance();
  node->items = program_.arena.copy(items);
  return finish(node);
}

Parser::ExpressionResult Parser::dict() {
  Expression* node = make(ExpressionKind::dict);
  advance();
  std::vector<const Expression*> items;
  while (!at_symbol("}")) {
    if (!items.empty()) TRY(expect_symbol(","));
    if (at_symbol("}")) break;
    items.push_back(TRY(expression()));
    TRY(expect_symbol(":"));
    items.push_back(TRY(expression()));
  }
  advance();
  node->items = program_.arena.copy(items);
  return finish(node);
}

}  // namespace chat
