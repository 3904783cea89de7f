#pragma once
// Ids to text one at a time: hands out what no later id can change.
#include <string>

#include "base/utf8.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace tokenizer {

// Byte level: every whole character comes out at once, half a character (at most three bytes) is held back.
class StreamingDetokenizer : public Tokenizer::Detokenizer {
 public:
  // Borrows the vocabulary.
  StreamingDetokenizer(const Vocabulary& vocabulary, bool skip_special)
      : vocabulary_(vocabulary), skip_special_(skip_special) {}

  std::string push(TokenId id) override;
  std::string finish() override;

 private:
  const Vocabulary& vocabulary_;
  const bool skip_special_;
  base::Utf8Assembler assembler_;
};

}  // namespace tokenizer
