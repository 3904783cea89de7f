#include "loading/same_vocabulary.h"

#include "base/strings.h"
#include "base/utf8.h"

namespace loading {

using base::cat;
using base::Code;
using base::fail;

base::Status check_same_vocabulary(const OpenedModel& model, const OpenedModel& draft) {
  const tokenizer::Tokenizer* a = model.text.tokenizer.get();
  const tokenizer::Tokenizer* b = draft.text.tokenizer.get();
  if ((a == nullptr) != (b == nullptr))
    return fail(Code::invalid_argument,
                "the draft model must have the model's vocabulary: one of them has "
                "no tokenizer to compare");
  const int64_t size_a = a != nullptr ? a->size() : model.config.vocab_size;
  const int64_t size_b = b != nullptr ? b->size() : draft.config.vocab_size;
  if (size_a != size_b)
    return fail(Code::invalid_argument, cat("the draft model must have the model's vocabulary: it has ",
                                            size_b, " tokens, the model ", size_a));
  for (TokenId id = 0; a != nullptr && id < size_a; ++id)
    if (const std::string in_a = a->token_spelling(id), in_b = b->token_spelling(id); in_a != in_b)
      return fail(Code::invalid_argument, cat("the draft model must have the model's vocabulary: token ", id,
                                              " is '", base::printable(in_b, 40), "' there and '",
                                              base::printable(in_a, 40), "' in the model"));
  return {};
}

}  // namespace loading
