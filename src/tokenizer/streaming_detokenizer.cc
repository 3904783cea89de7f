#include "tokenizer/streaming_detokenizer.h"

namespace tokenizer {

std::string StreamingDetokenizer::push(TokenId id) {
  std::string text;
  if (!(skip_special_ && vocabulary_.has(id, Vocabulary::kSpecial)))
    assembler_.push(vocabulary_.bytes(id), text);
  return text;
}

std::string StreamingDetokenizer::finish() {
  std::string text;
  assembler_.finish(text);
  return text;
}

}  // namespace tokenizer
