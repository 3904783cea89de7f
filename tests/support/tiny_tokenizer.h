#pragma once
// The tokenizer files of tiny models. See tests/support/tiny_model.h for the vocabulary.
#include "base/json.h"

namespace tests {

base::Json tiny_tokenizer_json();
base::Json tiny_tokenizer_config(bool chat_template);

}  // namespace tests
