#pragma once
// Cuts the text between added tokens into the pieces that the model encodes one by one.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/splitter.h"

namespace tokenizer {

// A row of splitters, each cutting the pieces of the one before.
class PreTokenizer {
 public:
  PreTokenizer() = default;
  explicit PreTokenizer(std::vector<std::unique_ptr<Splitter>> steps) : steps_(std::move(steps)) {}

  // From the `pre_tokenizer` of a tokenizer.json. Fails on anything but ByteLevel, Split, Digits and
  // Sequences of them, and unless ByteLevel comes last: then the model's symbols would not be bytes.
  static base::Result<PreTokenizer> parse(const base::Json* pre_tokenizer);

  // Hands the pieces to `sink`, in order, none empty. REQUIRES: `text` is well-formed.
  void split(std::string_view text, PieceSink sink) const { run_from(0, text, sink); }

  // "single digits, then GPT-2 words"
  std::string description() const;

 private:
  void run_from(size_t step, std::string_view text, PieceSink sink) const;
  std::vector<std::unique_ptr<Splitter>> steps_;
};

}  // namespace tokenizer
