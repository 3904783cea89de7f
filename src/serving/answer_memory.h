#pragma once
// Remembers with which tokens a chat's answers were said, so that the next turn is read as it was written.
//
// A client sends an answer back as text. Encoded anew, the text may give other tokens than those that the
// model chose (a sampled answer need not be the tokenizer's own way to write it), and then the prefix cache
// holds nothing of use from there on. So a conversation is looked up by the tokens that its text gives, and
// what was said comes back:
//
//   encoded   <user> hi <end> <bot> │ He llo , world │ <end> <user> more <end> <bot>
//   said      <user> hi <end> <bot> │ Hello , wor ld │ <end> <user> ...
//             └─────────── key: encoded, up to a special token ┘
//
// A key ends where a special token follows, because there the encoding of what comes before does not depend
// on what comes after. Encoding was strict (special tokens come from the template alone), so no text of a
// caller can forge a key; the salt is part of it, so nobody finds what was said to another. Any thread.
#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace serving {

using TokenId = int32_t;

class AnswerMemory {
 public:
  // Forgets what was used the longest time ago beyond `most_tokens`. REQUIRES: the tokenizer outlives it.
  explicit AnswerMemory(const tokenizer::Tokenizer& tokenizer, size_t most_tokens = size_t{1} << 20)
      : tokenizer_(tokenizer), most_tokens_(most_tokens) {}

  struct Said {
    std::string salt;
    std::vector<TokenId> prompt;  // as encoded from text
    std::string answer;           // as the client got it
    std::vector<TokenId> ids;     // prompt and answer as the model read and said them
  };
  // Cheap: the answer is encoded by the next call of as_said().
  void remember(Said said);

  // A prompt as encoded from text, with its longest beginning that was said before as it was said.
  std::vector<TokenId> as_said(std::string_view salt, std::span<const TokenId> encoded);

 private:
  using Digest = std::array<std::byte, 32>;
  struct Entry {
    Digest key;
    std::vector<TokenId> ids;
  };
  using Entries = std::list<Entry>;  // the one used last in front

  void settle();
  void keep(const Digest& key, std::vector<TokenId> ids);

  const tokenizer::Tokenizer& tokenizer_;
  const size_t most_tokens_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Said> unsettled_;
  Entries entries_;
  std::map<Digest, Entries::iterator> by_key_;
  size_t n_tokens_ = 0;
};

}  // namespace serving
