#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

namespace tokenizer {
namespace {

size_t skip_white_space_left(std::string_view text, size_t offset, size_t not_before) {
  while (offset > not_before) {
    const size_t before = previous_start(text, offset);
    if (!is_white_space(code_point_at(text, before).value)) break;
    offset = before;
  }
  return std::max(offset, not_before);
}

size_t skip_white_space_right(std::string_view text, size_t offset) {
  while (offset < text.size()) {
    const CodePoint c = code_point_at(text, offset);
    if (!is_white_space(c.value)) break;
    offset += static_cast<size_t>(c.size);
  }
  return offset;
}

bool touches_a_word(std::string_view text, ByteRange match) {
  const auto is_word = [&](size_t offset) { return is_word_character(code_point_at(text, offset).value); };
  return (match.begin > 0 && is_word(previous_start(text, match.begin))) ||
         (match.end < text.size() && is_word(match.end));
}

}  // namespace

bool is_only_white_space(std::string_view content) {
  constexpr char32_t kLowerOneEighthBlock = 0x2581;  // how SentencePiece writes a space
  for (size_t i = 0; i < content.size();) {
    const base::Utf8Step step = base::decode_utf8(content, i);
    if (!is_white_space(step.code_point) && step.code_point != kLowerOneEighthBlock) return false;
    i += static_cast<size_t>(step.size);
  }
  return true;
}

base::Status AddedTokenFinder::add(const AddedToken& token, std::string_view pattern) {
  if (pattern.empty()) return {};
  if (pattern.size() > kMaxAddedTokenBytes)
    return base::fail(base::Code::unsupported,
                      base::cat("added token '", base::printable(token.content, 40), "' has ", pattern.size(),
                                " bytes; at most ", kMaxAddedTokenBytes, " are supported"));
  int32_t node = child_or_new(-1, static_cast<unsigned char>(pattern[0]));
  for (const char c : pattern.substr(1)) node = child_or_new(node, static_cast<unsigned char>(c));
  if (nodes_[static_cast<size_t>(node)].pattern >= 0) return {};
  nodes_[static_cast<size_t>(node)].pattern = static_cast<int32_t>(patterns_.size());
  patterns_.push_back({.size_bytes = pattern.size(),
                       .id = token.id,
                       .single_word = token.single_word,
                       .lstrip = token.lstrip,
                       .rstrip = token.rstrip,
                       .any_origin = is_only_white_space(token.content)});
  return {};
}

// `node` -1 is the root.
int32_t AddedTokenFinder::child_of(int32_t node, unsigned char byte) const {
  if (node < 0) return first_bytes_[byte];
  int32_t child = nodes_[static_cast<size_t>(node)].child;
  while (child >= 0 && nodes_[static_cast<size_t>(child)].byte != byte)
    child = nodes_[static_cast<size_t>(child)].sibling;
  return child;
}

int32_t AddedTokenFinder::child_or_new(int32_t node, unsigned char byte) {
  if (const int32_t child = child_of(node, byte); child >= 0) return child;
  const auto child = static_cast<int32_t>(nodes_.size());
  nodes_.push_back({.byte = byte});
  if (node < 0) {
    first_bytes_[byte] = child;
  } else {
    nodes_.back().sibling = nodes_[static_cast<size_t>(node)].child;
    nodes_[static_cast<size_t>(node)].child = child;
  }
  return child;
}

const AddedTokenFinder::Pattern* AddedTokenFinder::longest_at(std::string_view text, size_t offset,
                                                              const Provenance& provenance) const {
  const Pattern* longest = nullptr;
  int32_t node = -1;
  for (size_t end = offset; end < text.size();) {
    node = child_of(node, static_cast<unsigned char>(text[end++]));
    if (node < 0) break;
    const int32_t index = nodes_[static_cast<size_t>(node)].pattern;
    if (index < 0) continue;
    const Pattern& pattern = patterns_[static_cast<size_t>(index)];
    if (pattern.any_origin || provenance.covers({offset, end})) longest = &pattern;
  }
  return longest;
}

// As the reference does it, down to what follows from it: after a match the search goes on behind the
// content, not behind the white space that rstrip took, so a white-space token in there is still found.
std::vector<AddedTokenFinder::Part> AddedTokenFinder::split(std::string_view text,
                                                            const Provenance& provenance) const {
  std::vector<Part> parts;
  size_t taken_end = 0;
  for (size_t i = 0; i < text.size();) {
    const Pattern* pattern =
        first_bytes_[static_cast<unsigned char>(text[i])] < 0 ? nullptr : longest_at(text, i, provenance);
    if (pattern == nullptr) {
      ++i;
      continue;
    }
    ByteRange match{i, i + pattern->size_bytes};
    i = match.end;
    if (pattern->single_word && touches_a_word(text, match)) continue;
    if (pattern->lstrip) match.begin = skip_white_space_left(text, match.begin, taken_end);
    if (pattern->rstrip) match.end = skip_white_space_right(text, match.end);
    if (taken_end < match.begin) parts.push_back({{taken_end, match.begin}, std::nullopt});
    parts.push_back({match, pattern->id});
    taken_end = match.end;
  }
  if (taken_end < text.size()) parts.push_back({{taken_end, text.size()}, std::nullopt});
  return parts;
}

}  // namespace tokenizer
