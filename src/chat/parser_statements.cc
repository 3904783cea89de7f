#include <utility>

#include "base/strings.h"
#include "chat/parser.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

// Sets a variable for as long as the guard lives.
template <class T>
class Temporarily {
 public:
  Temporarily(T& variable, T value) : variable_(variable), old_(variable) { variable = value; }
  ~Temporarily() { variable_ = old_; }
  Temporarily(const Temporarily&) = delete;
  Temporarily& operator=(const Temporarily&) = delete;

 private:
  T& variable_;
  T old_;
};

}  // namespace

Statement* Parser::make(StatementKind kind, int line) {
  Statement* node = program_.arena.make<Statement>();
  node->kind = kind;
  node->line = line;
  return node;
}

// Statements up to a block that begins with one of `end_tags`, whose name is then current; all if there are
// none.
Result<Body> Parser::body_until(EndTags end_tags) {
  TRY(enter());
  std::vector<const Statement*> body;
  while (current().type != TokenType::end) {
    if (current().type == TokenType::data) {
      Statement* node = make(StatementKind::text, current().line);
      node->text = constant_text(advance().text);
      body.push_back(node);
    } else if (current().type == TokenType::variable_begin) {
      body.push_back(TRY(print()));
    } else {
      TRY(expect(TokenType::block_begin, "a block"));
      if (current().type != TokenType::name) return unexpected();
      for (std::string_view tag : end_tags)
        if (at_name(tag)) {
          leave();
          return Body(program_.arena.copy(body));
        }
      body.push_back(TRY(statement()));
      TRY(expect(TokenType::block_end, "'%}'"));
    }
  }
  if (end_tags.size() > 0) return error(base::cat("the template ends before '", *(end_tags.end() - 1), "'"));
  leave();
  return Body(program_.arena.copy(body));
}

// "%}", statements, and the end tag's name.
Result<Body> Parser::end_body(EndTags end_tags) {
  TRY(expect(TokenType::block_end, "'%}'"));
  const Body body = TRY(body_until(end_tags));
  advance();
  return body;
}

Parser::StatementResult Parser::print() {
  Statement* node = make(StatementKind::print, advance().line);
  const Expression* value = TRY(expression_or_tuple());
  node->expressions = program_.arena.copy(std::span<const Expression* const>(&value, 1));
  TRY(expect(TokenType::variable_end, "'}}'"));
  return node;
}

Parser::StatementResult Parser::statement() {
  const std::string_view tag = current().text;
  if (tag == "if") return if_statement();
  if (tag == "for") return for_statement();
  if (tag == "set") return set_statement();
  if (tag == "macro") return macro_statement();
  if (tag == "call") return call_statement();
  if (tag == "filter") return filter_statement();
  if (tag == "with") return with_statement();
  if (tag == "block") return block_statement();
  if (tag == "autoescape") return autoescape_statement();
  if (tag == "generation") return generation_statement();
  if (tag == "print") return print_statement();
  if (tag == "break") return loop_control(StatementKind::break_loop);
  if (tag == "continue") return loop_control(StatementKind::continue_loop);
  if (tag == "include" || tag == "import" || tag == "from" || tag == "extends")
    return unsupported_statement();
  return error(base::cat("unknown tag '", tag, "'"));
}

Parser::StatementResult Parser::if_statement() {
  Statement* node = make(StatementKind::if_else, current().line);
  std::vector<Branch> branches;
  ++soft_depth_;
  while (true) {
    advance();  // if or elif
    const Expression* condition = TRY(expression_or_tuple());
    TRY(expect(TokenType::block_end, "'%}'"));
    branches.push_back({condition, TRY(body_until({"elif", "else", "endif"}))});
    if (at_name("elif")) continue;
    if (!skip_name("else")) break;
    TRY(expect(TokenType::block_end, "'%}'"));
    branches.push_back({nullptr, TRY(body_until({"endif"}))});
    break;
  }
  advance();  // endif
  --soft_depth_;
  node->branches = program_.arena.copy(branches);
  return node;
}

Parser::StatementResult Parser::for_statement() {
  Statement* node = make(StatementKind::for_loop, advance().line);
  Temporarily hard(soft_depth_, 0);
  const int depth_outside = any_loop_depth_++;
  const Assignment variables = {TRY(target(/*with_namespace=*/false, /*with_tuple=*/true)), nullptr};
  node->assignments = program_.arena.copy(std::span<const Assignment>(&variables, 1));
  if (!skip_name("in")) return error("expected 'in'");
  // "for x in a if b" is a filter, not a conditional expression.
  node->first = TRY(logical_or());
  if (at_symbol(",")) {
    Expression* tuple = make(ExpressionKind::tuple);
    std::vector<const Expression*> items = {node->first};
    while (skip_symbol(","))
      if (!at_name("if") && !at_name("recursive") && !at_tuple_end()) items.push_back(TRY(logical_or()));
    tuple->items = program_.arena.copy(items);
    node->first = TRY(finish(tuple));
  }
  if (skip_name("if")) node->second = TRY(expression());
  node->recursive = skip_name("recursive");
  TRY(expect(TokenType::block_end, "'%}'"));
  ++loop_depth_;
  node->body = TRY(body_until({"else", "endfor"}));
  --loop_depth_;
  any_loop_depth_ = depth_outside;
  if (skip_name("else")) {
    TRY(expect(TokenType::block_end, "'%}'"));
    node->else_body = TRY(body_until({"endfor"}));
  }
  advance();
  return node;
}

Result<Target> Parser::single_target(bool with_namespace) {
  if (skip_symbol("(")) {
    TRY(enter());
    const Target result = TRY(target(with_namespace, /*with_tuple=*/true));
    TRY(expect_symbol(")"));
    leave();
    return result;
  }
  const Token& name = *TRY(expect_any_name());
  constexpr std::string_view kReserved[] = {"true", "false", "none", "True", "False", "None"};
  for (std::string_view word : kReserved)
    if (name.text == word) return error(base::cat("cannot assign to '", word, "'"));
  Target result;
  result.symbol = symbol(name.text);
  result.name = constant_text(name.text);
  if (with_namespace && skip_symbol(".")) {
    result.attribute = constant_text(TRY(expect_any_name())->text);
    if (program_.read.size() <= result.symbol) program_.read.resize(result.symbol + 1);
    program_.read[result.symbol] = true;
  } else if (any_loop_depth_ > 0 && result.symbol == program_.loop) {
    return error("cannot assign to 'loop' inside of a loop");
  }
  return result;
}

Result<Target> Parser::target(bool with_namespace, bool with_tuple) {
  const Target first = TRY(single_target(with_namespace));
  if (!with_tuple || !at_symbol(",")) return first;
  std::vector<Target> items = {first};
  while (skip_symbol(",")) {
    if (at_name("in") || at_symbol(")") || current().type == TokenType::block_end) break;
    items.push_back(TRY(single_target(with_namespace)));
  }
  Target result;
  result.is_tuple = true;
  result.items = program_.arena.copy(items);
  return result;
}

Parser::StatementResult Parser::set_statement() {
  Statement* node = make(StatementKind::set, advance().line);
  Assignment assignment = {TRY(target(/*with_namespace=*/true, /*with_tuple=*/true)), nullptr};
  if (skip_symbol("=")) {
    assignment.value = TRY(expression_or_tuple());
  } else {
    node->kind = StatementKind::set_block;
    Temporarily hard(soft_depth_, 0);
    node->first = TRY(filter_chain());
    node->body = TRY(end_body({"endset"}));
  }
  node->assignments = program_.arena.copy(std::span<const Assignment>(&assignment, 1));
  return node;
}

// "| upper | replace(...)" with nothing in front; null if there is none.
Parser::ExpressionResult Parser::filter_chain() {
  const Expression* chain = nullptr;
  while (at_symbol("|")) chain = TRY(filter(chain));
  return chain;
}

Result<MacroSignature*> Parser::signature(bool parentheses) {
  MacroSignature* result = program_.arena.make<MacroSignature>();
  std::vector<Parameter> parameters;
  if (!parentheses) return result;
  TRY(expect_symbol("("));
  bool has_default = false;
  while (!at_symbol(")")) {
    if (!parameters.empty()) TRY(expect_symbol(","));
    const Target name = TRY(single_target(/*with_namespace=*/false));
    if (name.name == nullptr) return unexpected();
    for (const Parameter& other : parameters)
      if (other.symbol == name.symbol)
        return error(base::cat("parameter '", name.name->view(), "' is repeated"));
    Parameter parameter = {name.symbol, name.name, nullptr};
    if (skip_symbol("=")) {
      has_default = true;
      parameter.default_value = TRY(expression());
    } else if (has_default) {
      return error("a parameter without a default follows one with a default");
    }
    parameters.push_back(parameter);
  }
  advance();
  result->parameters = program_.arena.copy(parameters);
  return result;
}

// A body that takes varargs, kwargs or caller if it mentions them.
Result<Body> Parser::macro_body(MacroSignature& signature, EndTags end_tags) {
  const Mentions outside = std::exchange(mentions_, Mentions{});
  const Body body = TRY(end_body(end_tags));
  signature.takes_more_positional = mentions_.varargs;
  signature.takes_more_named = mentions_.kwargs;
  signature.takes_caller = mentions_.caller;
  for (const Parameter& parameter : signature.parameters)
    if (parameter.symbol == program_.caller) signature.takes_caller = false;
  mentions_.varargs |= outside.varargs;
  mentions_.kwargs |= outside.kwargs;
  mentions_.caller |= outside.caller;
  return body;
}

Parser::StatementResult Parser::macro_statement() {
  Statement* node = make(StatementKind::macro, advance().line);
  Temporarily hard(soft_depth_, 0);
  const Target name = TRY(single_target(/*with_namespace=*/false));
  if (name.name == nullptr) return unexpected();
  node->symbol = name.symbol;
  node->text = name.name;
  Temporarily no_loop(loop_depth_, 0);
  MacroSignature* signature = TRY(this->signature(/*parentheses=*/true));
  node->body = TRY(macro_body(*signature, {"endmacro"}));
  node->signature = signature;
  return node;
}

Parser::StatementResult Parser::call_statement() {
  Statement* node = make(StatementKind::call_block, advance().line);
  Temporarily hard(soft_depth_, 0);
  Temporarily no_loop(loop_depth_, 0);
  MacroSignature* signature = TRY(this->signature(at_symbol("(")));
  node->first = TRY(expression());
  if (node->first->kind != ExpressionKind::call) return error("expected a call");
  node->body = TRY(macro_body(*signature, {"endcall"}));
  node->signature = signature;
  return node;
}

Parser::StatementResult Parser::filter_statement() {
  Statement* node = make(StatementKind::filter_block, advance().line);
  Temporarily hard(soft_depth_, 0);
  const Expression* chain = TRY(filter(nullptr));
  while (at_symbol("|")) chain = TRY(filter(chain));
  node->first = chain;
  node->body = TRY(end_body({"endfilter"}));
  return node;
}

Parser::StatementResult Parser::with_statement() {
  Statement* node = make(StatementKind::with, advance().line);
  Temporarily hard(soft_depth_, 0);
  std::vector<Assignment> assignments;
  while (current().type != TokenType::block_end) {
    if (!assignments.empty()) TRY(expect_symbol(","));
    const Target variable = TRY(single_target(/*with_namespace=*/false));
    TRY(expect_symbol("="));
    assignments.push_back({variable, TRY(expression())});
  }
  node->assignments = program_.arena.copy(assignments);
  node->body = TRY(end_body({"endwith"}));
  return node;
}

Parser::StatementResult Parser::block_statement() {
  Statement* node = make(StatementKind::block, advance().line);
  Temporarily hard(soft_depth_, 0);
  Temporarily no_loop(loop_depth_, 0);
  node->text = constant_text(TRY(expect_any_name())->text);
  node->scoped = skip_name("scoped");
  skip_name("required");
  for (const Statement* other : program_.blocks)
    if (other->text->view() == node->text->view())
      return error(base::cat("block '", node->text->view(), "' defined twice"));
  program_.blocks.push_back(node);
  node->body = TRY(end_body({"endblock"}));
  if (at_name(node->text->view())) advance();
  return node;
}

Parser::StatementResult Parser::autoescape_statement() {
  Statement* node = make(StatementKind::autoescape, advance().line);
  Temporarily hard(soft_depth_, 0);
  node->first = TRY(expression());
  node->body = TRY(end_body({"endautoescape"}));
  return node;
}

// Marks what the model is trained to write; rendering only sees a scope of its own.
Parser::StatementResult Parser::generation_statement() {
  Statement* node = make(StatementKind::scope, advance().line);
  Temporarily hard(soft_depth_, 0);
  Temporarily no_loop(loop_depth_, 0);
  node->body = TRY(end_body({"endgeneration"}));
  return node;
}

Parser::StatementResult Parser::print_statement() {
  Statement* node = make(StatementKind::print, advance().line);
  std::vector<const Expression*> expressions;
  while (current().type != TokenType::block_end) {
    if (!expressions.empty()) TRY(expect_symbol(","));
    expressions.push_back(TRY(expression()));
  }
  node->expressions = program_.arena.copy(expressions);
  return node;
}

Parser::StatementResult Parser::loop_control(StatementKind kind) {
  if (loop_depth_ == 0) return error(base::cat("'", current().text, "' outside of a loop"));
  return make(kind, advance().line);
}

// Only a template that reaches such a tag fails.
Parser::StatementResult Parser::unsupported_statement() {
  Statement* node = make(StatementKind::unsupported, current().line);
  node->text = constant_text(advance().text);
  while (current().type != TokenType::block_end && current().type != TokenType::end) advance();
  return node;
}

}  // namespace chat
