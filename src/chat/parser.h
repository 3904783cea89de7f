#pragma once
// Tokens to a syntax tree, by recursive descent. Depth of nesting is limited, so no source can exhaust the
// stack.
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "chat/ast.h"
#include "chat/lexer.h"

namespace chat {

// Fails with the line of what is no template.
base::Result<std::unique_ptr<Program>> parse_program(std::string_view source);

class Parser {
 public:
  Parser(Program& program, const std::vector<Token>& tokens) : program_(program), tokens_(tokens) {}
  base::Result<Body> run();

 private:
  template <class T>
  using Result = base::Result<T>;
  using ExpressionResult = base::Result<const Expression*>;
  using StatementResult = base::Result<const Statement*>;

  // Tokens.
  const Token& current() const { return tokens_[position_]; }
  const Token& ahead() const { return tokens_[std::min(position_ + 1, tokens_.size() - 1)]; }
  const Token& advance();
  bool at_symbol(std::string_view symbol) const;
  bool at_name(std::string_view name) const;
  bool skip_symbol(std::string_view symbol);
  bool skip_name(std::string_view name);
  base::Status expect_symbol(std::string_view symbol);
  base::Status expect(TokenType type, std::string_view what);
  Result<const Token*> expect_any_name();
  std::unexpected<base::Error> error(const std::string& what) const;
  std::unexpected<base::Error> unexpected() const;

  // Expressions (parser_expressions.cc), loosest binding first.
  ExpressionResult expression();
  ExpressionResult expression_or_tuple();
  ExpressionResult conditional();
  ExpressionResult logical_or();
  ExpressionResult logical_and();
  ExpressionResult logical_not();
  ExpressionResult comparison();
  ExpressionResult sum();
  ExpressionResult concatenation();
  ExpressionResult product();
  ExpressionResult power();
  ExpressionResult unary(bool with_filter);
  ExpressionResult primary();
  ExpressionResult postfix(const Expression* operand);
  ExpressionResult filters_and_tests(const Expression* operand);
  ExpressionResult dot(const Expression* operand);
  ExpressionResult subscript(const Expression* operand);
  ExpressionResult subscript_item(const Expression* operand);
  ExpressionResult call(const Expression* operand);
  ExpressionResult filter(const Expression* operand);
  ExpressionResult test(const Expression* operand);
  ExpressionResult number();
  ExpressionResult text();
  ExpressionResult tuple(bool parentheses);
  ExpressionResult list();
  ExpressionResult dict();
  ExpressionResult name();
  Result<const CallArguments*> arguments();
  Result<std::string> dotted_name();
  bool at_tuple_end() const;
  bool at_test_argument() const;

  // Nodes. finish() fixes the height and fails if the tree grows too high.
  Expression* make(ExpressionKind kind);
  ExpressionResult finish(Expression* node);
  void note_unknown(std::string_view what, const std::string& name);
  ExpressionResult finish_arithmetic(Arithmetic operation, const Expression* left, const Expression* right,
                                     int line);
  const Text* constant_text(std::string_view bytes);
  const Text* constant_copy(std::string_view bytes);
  base::Status enter();
  void leave() { --depth_; }

  // Statements (parser_statements.cc).
  using EndTags = std::initializer_list<std::string_view>;
  Result<Body> body_until(EndTags end_tags);
  StatementResult print();
  StatementResult statement();
  StatementResult if_statement();
  StatementResult for_statement();
  StatementResult set_statement();
  StatementResult macro_statement();
  StatementResult call_statement();
  StatementResult filter_statement();
  StatementResult with_statement();
  StatementResult block_statement();
  StatementResult autoescape_statement();
  StatementResult generation_statement();
  StatementResult print_statement();
  StatementResult loop_control(StatementKind kind);
  StatementResult unsupported_statement();
  Result<MacroSignature*> signature(bool parentheses);
  Result<Body> macro_body(MacroSignature& signature, EndTags end_tags);
  Result<Target> target(bool with_namespace, bool with_tuple);
  Result<Target> single_target(bool with_namespace);
  ExpressionResult filter_chain();
  Statement* make(StatementKind kind, int line);
  Result<Body> end_body(EndTags end_tags);
  Symbol symbol(std::string_view name);

  // What a macro's body mentions.
  struct Mentions {
    bool varargs = false, kwargs = false, caller = false;
  };

  Program& program_;
  const std::vector<Token>& tokens_;
  size_t position_ = 0;
  int depth_ = 0;           // of brackets and blocks that are open
  int soft_depth_ = 0;      // inside a condition, where an unknown filter is an error only when it is reached
  int loop_depth_ = 0;      // loops that a break would leave
  int any_loop_depth_ = 0;  // loops around, also outside of macros
  Mentions mentions_;
  std::optional<base::Error> unknown_;  // the first unknown filter or test outside of conditions
};

}  // namespace chat
