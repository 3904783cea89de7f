#pragma once
// Finds added tokens ("<|im_end|>") in a text before the model sees it.
//
// Leftmost first, longest first among those that start at the same place. An occurrence with an untrusted
// byte is no occurrence at all, unless the token is white space only.
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/provenance.h"
#include "tokenizer/tokenizer.h"

namespace tokenizer {

// No longer content is accepted: it bounds how often a byte of the text is looked at.
inline constexpr size_t kMaxAddedTokenBytes = 1024;

struct AddedToken {
  std::string content;
  TokenId id = 0;
  bool single_word = false;  // not where a word character touches it
  bool lstrip = false;       // takes the white space on its left with it
  bool rstrip = false;       // ... on its right
  bool normalized = false;   // searched in the normalised text, by its own normalised content
  bool special = false;      // dropped by decoding with skip_special
};

// Content of white space only, "▁" counted as such: ordinary text, found in text of any origin.
bool is_only_white_space(std::string_view content);

class AddedTokenFinder {
 public:
  AddedTokenFinder() { first_bytes_.fill(-1); }

  // Adds `token`, to be found by `pattern`. Empty patterns are never found; of equal ones the first counts.
  // Fails when the pattern is too long.
  base::Status add(const AddedToken& token, std::string_view pattern);

  bool empty() const { return patterns_.empty(); }

  // Cuts `text` into added tokens and the stretches between them, in order. No stretch is empty.
  struct Part {
    ByteRange range;
    std::optional<TokenId> added;
  };
  std::vector<Part> split(std::string_view text, const Provenance& provenance) const;

 private:
  struct Pattern {
    size_t size_bytes;
    TokenId id;
    bool single_word, lstrip, rstrip, any_origin;
  };
  // A trie of the patterns: the children of a node are a list linked by `sibling`.
  struct Node {
    unsigned char byte;
    int32_t child = -1, sibling = -1;
    int32_t pattern = -1;  // that ends here
  };
  int32_t child_of(int32_t node, unsigned char byte) const;
  int32_t child_or_new(int32_t node, unsigned char byte);
  const Pattern* longest_at(std::string_view text, size_t offset, const Provenance& provenance) const;

  std::vector<Pattern> patterns_;
  std::vector<Node> nodes_;
  std::array<int32_t, 256> first_bytes_;  // the trie's root: byte to node, -1 for none
};

}  // namespace tokenizer
