#include <algorithm>

#include "base/strings.h"
#include "chat/filters.h"
#include "chat/parser.h"
#include "chat/predicates.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

// A tree this high comes from a chain ("a + b + c ..."); evaluating it takes as many calls.
constexpr int kMaxHeight = 500;

int height_of(const Expression* e) {
  return e == nullptr ? 0 : e->height;
}

int height_below(const Expression& e) {
  int height = std::max({height_of(e.first), height_of(e.second), height_of(e.third), height_of(e.fourth)});
  for (const Expression* item : e.items) height = std::max(height, height_of(item));
  for (const Comparison& c : e.comparisons) height = std::max(height, height_of(c.operand));
  if (e.arguments == nullptr) return height;
  for (const Expression* item : e.arguments->positional) height = std::max(height, height_of(item));
  for (const NamedExpression& item : e.arguments->named) height = std::max(height, height_of(item.value));
  return std::max({height, height_of(e.arguments->more_positional), height_of(e.arguments->more_named)});
}

}  // namespace

Expression* Parser::make(ExpressionKind kind) {
  Expression* node = program_.arena.make<Expression>();
  node->kind = kind;
  node->line = current().line;
  return node;
}

Parser::ExpressionResult Parser::finish(Expression* node) {
  node->height = 1 + height_below(*node);
  if (node->height > kMaxHeight)
    return fail(Code::exhausted, base::cat("line ", node->line, ": an expression has more than ", kMaxHeight,
                                           " operators in a chain (limit)"));
  return node;
}

Parser::ExpressionResult Parser::finish_arithmetic(Arithmetic operation, const Expression* left,
                                                   const Expression* right, int line) {
  Expression* node = make(ExpressionKind::arithmetic);
  node->arithmetic = operation;
  node->line = line;
  node->first = left;
  node->second = right;
  return finish(node);
}

Parser::ExpressionResult Parser::expression() {
  TRY(enter());
  const Expression* result = TRY(conditional());
  leave();
  return result;
}

Parser::ExpressionResult Parser::conditional() {
  const auto unknown_before = unknown_;
  const Expression* value = TRY(logical_or());
  while (at_name("if")) {
    unknown_ = unknown_before;  // the value turns out to stand under a condition
    Expression* node = make(ExpressionKind::conditional);
    advance();
    ++soft_depth_;
    node->first = value;
    node->second = TRY(logical_or());
    if (skip_name("else")) {
      TRY(enter());
      node->third = TRY(conditional());
      leave();
    }
    --soft_depth_;
    value = TRY(finish(node));
  }
  return value;
}

Parser::ExpressionResult Parser::logical_or() {
  const Expression* left = TRY(logical_and());
  while (at_name("or")) {
    Expression* node = make(ExpressionKind::logical_or);
    advance();
    node->first = left;
    node->second = TRY(logical_and());
    left = TRY(finish(node));
  }
  return left;
}

Parser::ExpressionResult Parser::logical_and() {
  const Expression* left = TRY(logical_not());
  while (at_name("and")) {
    Expression* node = make(ExpressionKind::logical_and);
    advance();
    node->first = left;
    node->second = TRY(logical_not());
    left = TRY(finish(node));
  }
  return left;
}

Parser::ExpressionResult Parser::logical_not() {
  if (!at_name("not")) return comparison();
  TRY(enter());
  Expression* node = make(ExpressionKind::logical_not);
  advance();
  node->first = TRY(logical_not());
  leave();
  return finish(node);
}

Parser::ExpressionResult Parser::comparison() {
  constexpr std::pair<std::string_view, Comparator> kSymbols[] = {
      {"==", Comparator::equal},         {"!=", Comparator::not_equal}, {"<", Comparator::less},
      {"<=", Comparator::less_or_equal}, {">", Comparator::greater},    {">=", Comparator::greater_or_equal}};
  const Expression* left = TRY(sum());
  std::vector<Comparison> comparisons;
  Expression* node = nullptr;
  while (true) {
    const Comparator* found = nullptr;
    constexpr Comparator kIn = Comparator::in, kNotIn = Comparator::not_in;
    for (const auto& [symbol, comparator] : kSymbols)
      if (at_symbol(symbol)) found = &comparator;
    if (at_name("in")) found = &kIn;
    if (at_name("not") && ahead().type == TokenType::name && ahead().text == "in") found = &kNotIn;
    if (found == nullptr) break;
    if (node == nullptr) node = make(ExpressionKind::compare);
    advance();
    if (*found == Comparator::not_in) advance();
    comparisons.push_back({*found, TRY(sum())});
  }
  if (node == nullptr) return left;
  node->first = left;
  node->comparisons = program_.arena.copy(comparisons);
  return finish(node);
}

Parser::ExpressionResult Parser::sum() {
  const Expression* left = TRY(concatenation());
  while (at_symbol("+") || at_symbol("-")) {
    const Arithmetic operation = at_symbol("+") ? Arithmetic::add : Arithmetic::subtract;
    const int line = advance().line;
    left = TRY(finish_arithmetic(operation, left, TRY(concatenation()), line));
  }
  return left;
}

Parser::ExpressionResult Parser::concatenation() {
  const Expression* first = TRY(product());
  if (!at_symbol("~")) return first;
  Expression* node = make(ExpressionKind::concatenate);
  std::vector<const Expression*> items = {first};
  while (skip_symbol("~")) items.push_back(TRY(product()));
  node->items = program_.arena.copy(items);
  return finish(node);
}

Parser::ExpressionResult Parser::product() {
  constexpr std::pair<std::string_view, Arithmetic> kSymbols[] = {{"*", Arithmetic::multiply},
                                                                  {"/", Arithmetic::divide},
                                                                  {"//", Arithmetic::floor_divide},
                                                                  {"%", Arithmetic::modulo}};
  const Expression* left = TRY(power());
  while (true) {
    const Arithmetic* found = nullptr;
    for (const auto& [symbol, operation] : kSymbols)
      if (at_symbol(symbol)) found = &operation;
    if (found == nullptr) return left;
    const int line = advance().line;
    left = TRY(finish_arithmetic(*found, left, TRY(power()), line));
  }
}

Parser::ExpressionResult Parser::power() {
  // Unlike in Python, a chain groups to the left, and a minus binds tighter.
  const Expression* left = TRY(unary(/*with_filter=*/true));
  while (at_symbol("**")) {
    const int line = advance().line;
    left = TRY(finish_arithmetic(Arithmetic::power, left, TRY(unary(/*with_filter=*/true)), line));
  }
  return left;
}

Parser::ExpressionResult Parser::unary(bool with_filter) {
  const Expression* operand = nullptr;
  if (at_symbol("-") || at_symbol("+")) {
    TRY(enter());
    Expression* node = make(at_symbol("-") ? ExpressionKind::negate : ExpressionKind::plus);
    advance();
    node->first = TRY(unary(/*with_filter=*/false));
    leave();
    operand = TRY(finish(node));
  } else {
    operand = TRY(primary());
  }
  operand = TRY(postfix(operand));
  return with_filter ? filters_and_tests(operand) : operand;
}

Parser::ExpressionResult Parser::postfix(const Expression* operand) {
  while (true) {
    if (at_symbol("."))
      operand = TRY(dot(operand));
    else if (at_symbol("["))
      operand = TRY(subscript(operand));
    else if (at_symbol("("))
      operand = TRY(call(operand));
    else
      return operand;
  }
}

Parser::ExpressionResult Parser::filters_and_tests(const Expression* operand) {
  while (true) {
    if (at_symbol("|"))
      operand = TRY(filter(operand));
    else if (at_name("is"))
      operand = TRY(test(operand));
    else if (at_symbol("("))
      operand = TRY(call(operand));
    else
      return operand;
  }
}

Parser::ExpressionResult Parser::dot(const Expression* operand) {
  advance();
  if (current().type == TokenType::integer) {
    Expression* node = make(ExpressionKind::subscript);
    node->first = operand;
    node->second = TRY(number());
    return finish(node);
  }
  Expression* node = make(ExpressionKind::attribute);
  node->first = operand;
  node->text = constant_text(TRY(expect_any_name())->text);
  return finish(node);
}

Parser::ExpressionResult Parser::subscript(const Expression* operand) {
  advance();
  const Expression* result = TRY(subscript_item(operand));
  if (at_symbol(",")) {  // x[1, 2]: the key is a tuple
    Expression* key = make(ExpressionKind::tuple);
    std::vector<const Expression*> items = {result->second};
    if (result->kind == ExpressionKind::slice) return unexpected();
    while (skip_symbol(",")) items.push_back(TRY(expression()));
    key->items = program_.arena.copy(items);
    Expression* node = make(ExpressionKind::subscript);
    node->first = operand;
    node->second = TRY(finish(key));
    result = TRY(finish(node));
  }
  TRY(expect_symbol("]"));
  return result;
}

Parser::ExpressionResult Parser::subscript_item(const Expression* operand) {
  Expression* node = make(ExpressionKind::subscript);
  node->first = operand;
  if (at_symbol("]")) {  // x[]: Jinja takes it for the key ()
    node->second = TRY(finish(make(ExpressionKind::tuple)));
    return finish(node);
  }
  if (!at_symbol(":")) node->second = TRY(expression());
  if (!at_symbol(":")) return finish(node);
  node->kind = ExpressionKind::slice;
  advance();
  const auto ends = [this] { return at_symbol("]") || at_symbol(","); };
  if (!at_symbol(":") && !ends()) node->third = TRY(expression());
  if (skip_symbol(":") && !ends()) node->fourth = TRY(expression());
  return finish(node);
}

Parser::ExpressionResult Parser::call(const Expression* operand) {
  Expression* node = make(ExpressionKind::call);
  node->first = operand;
  node->arguments = TRY(arguments());
  return finish(node);
}

Result<const CallArguments*> Parser::arguments() {
  TRY(expect_symbol("("));
  CallArguments* result = program_.arena.make<CallArguments>();
  std::vector<const Expression*> positional;
  std::vector<NamedExpression> named;
  bool needs_comma = false;
  while (!at_symbol(")")) {
    if (needs_comma) TRY(expect_symbol(","));
    if (at_symbol(")")) break;
    needs_comma = true;
    if (skip_symbol("**")) {
      if (result->more_named != nullptr) return unexpected();
      result->more_named = TRY(expression());
    } else if (skip_symbol("*")) {
      if (result->more_positional != nullptr || result->more_named != nullptr) return unexpected();
      result->more_positional = TRY(expression());
    } else if (current().type == TokenType::name && ahead().type == TokenType::symbol &&
               ahead().text == "=") {
      if (result->more_named != nullptr) return unexpected();
      const Text* name = constant_text(advance().text);
      advance();
      for (const NamedExpression& other : named)
        if (other.name->view() == name->view()) return error("a keyword argument is repeated");
      named.push_back({name, TRY(expression())});
    } else {
      if (result->more_positional != nullptr || result->more_named != nullptr || !named.empty())
        return unexpected();
      positional.push_back(TRY(expression()));
    }
  }
  advance();
  result->positional = program_.arena.copy(positional);
  result->named = program_.arena.copy(named);
  return result;
}

Result<std::string> Parser::dotted_name() {
  std::string name(TRY(expect_any_name())->text);
  while (skip_symbol(".")) name += base::cat(".", TRY(expect_any_name())->text);
  return name;
}

void Parser::note_unknown(std::string_view what, const std::string& name) {
  if (soft_depth_ > 0 || unknown_) return;
  unknown_ =
      base::Error{Code::corrupt, base::cat("line ", current().line, ": there is no ", what, " '", name, "'")};
}

Parser::ExpressionResult Parser::filter(const Expression* operand) {
  if (at_symbol("|")) advance();
  Expression* node = make(ExpressionKind::filter);
  const std::string name = TRY(dotted_name());
  node->first = operand;
  node->text = constant_copy(name);
  node->filter = find_filter(name);
  if (node->filter == nullptr) note_unknown("filter", name);
  if (at_symbol("(")) node->arguments = TRY(arguments());
  return finish(node);
}

bool Parser::at_test_argument() const {
  switch (current().type) {
    case TokenType::name:
      return !at_name("else") && !at_name("or") && !at_name("and") && !at_name("is");
    case TokenType::string:
    case TokenType::integer:
    case TokenType::floating:
      return true;
    default:
      return at_symbol("[") || at_symbol("{");
  }
}

Parser::ExpressionResult Parser::test(const Expression* operand) {
  advance();
  Expression* node = make(ExpressionKind::test);
  node->negated = skip_name("not");
  const std::string name = TRY(dotted_name());
  node->first = operand;
  node->text = constant_copy(name);
  node->test = find_test(name);
  if (node->test == nullptr) note_unknown("test", name);
  if (at_symbol("(")) {
    node->arguments = TRY(arguments());
  } else if (at_name("is")) {
    return error("tests cannot be chained with 'is'");
  } else if (at_test_argument()) {
    TRY(enter());
    const Expression* argument = TRY(postfix(TRY(primary())));
    leave();
    CallArguments* arguments = program_.arena.make<CallArguments>();
    arguments->positional = program_.arena.copy(std::span<const Expression* const>(&argument, 1));
    node->arguments = arguments;
  }
  return finish(node);
}

}  // namespace chat
