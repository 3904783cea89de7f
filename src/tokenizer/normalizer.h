#pragma once
// Unicode normalisation of the text between added tokens: none, or NFC.
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/provenance.h"

namespace tokenizer {

enum class Normalization { none, nfc };

// From the `normalizer` of a tokenizer.json; null where it has none.
base::Result<Normalization> parse_normalizer(const base::Json* normalizer);

// True when normalising would change nothing, so that there is no need to copy. May be false then, too.
bool is_normalized(Normalization normalization, std::string_view text);

// Linear in the text's length. REQUIRES: `text` is well-formed.
std::string normalize(Normalization normalization, std::string_view text);

// The same, and where its bytes come from. A character made of several is trusted when all of them are.
MixedText normalize(Normalization normalization, std::string_view text, const Provenance& provenance);

}  // namespace tokenizer
