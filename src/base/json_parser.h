#pragma once
// The reading half of base::Json; see base/json.h for what it takes and refuses.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace base::internal {

class JsonParser {
 public:
  // `text` must outlive the parser.
  JsonParser(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  Result<Json> parse_document();

 private:
  Result<Json> parse_value();
  Result<Json> parse_array();
  Result<Json> parse_object();
  Result<Json> parse_number();
  Result<Json> parse_literal(std::string_view literal, Json value);
  Result<std::string> parse_string();
  Status parse_member(Json::Object& members, std::vector<size_t>& key_offsets);
  Status parse_escape(std::string& out);
  Result<char32_t> parse_unicode_escape();
  Result<char32_t> parse_four_hex_digits();
  // One character that stands for itself in a string.
  Status copy_character(std::string& out);
  Status check_unique_keys(const Json::Object& members, const std::vector<size_t>& key_offsets);
  // Length of the longest number that begins here, by RFC 8259's grammar; 0 if none does.
  size_t number_length() const;
  Result<Json> number_value(std::string_view digits) const;

  void skip_blanks();
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c);
  // The error at `offset`, with its line and column.
  std::unexpected<Error> fail_at(size_t offset, std::string_view what) const;
  std::unexpected<Error> unexpected_here(std::string_view wanted) const;

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  int max_depth_;
};

}  // namespace base::internal
