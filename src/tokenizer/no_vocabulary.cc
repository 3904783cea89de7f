#include "tokenizer/no_vocabulary.h"

namespace tokenizer {

namespace {

class SilentDetokenizer final : public Tokenizer::Detokenizer {
 public:
  std::string push(TokenId) override { return {}; }
  std::string finish() override { return {}; }
};

class NoVocabulary final : public Tokenizer {
 public:
  explicit NoVocabulary(int64_t n_ids) : n_ids_(n_ids) {}
  std::vector<TokenId> encode(std::string_view, EncodeOptions) const override { return {}; }
  std::vector<TokenId> encode_strict(std::span<const Segment>) const override { return {}; }
  std::string decode(std::span<const TokenId>, bool) const override { return {}; }
  std::string token_bytes(TokenId) const override { return {}; }
  std::string token_spelling(TokenId) const override { return {}; }
  std::optional<TokenId> find_token(std::string_view) const override { return std::nullopt; }
  bool is_special(TokenId) const override { return false; }
  int64_t size() const override { return n_ids_; }
  std::string description() const override { return "none"; }
  std::optional<TokenId> bos() const override { return std::nullopt; }
  std::vector<TokenId> end_tokens() const override { return {}; }
  std::unique_ptr<Detokenizer> make_detokenizer(bool) const override { return std::make_unique<SilentDetokenizer>(); }

 private:
  int64_t n_ids_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_no_vocabulary(int64_t n_ids) { return std::make_unique<NoVocabulary>(n_ids); }

}  // namespace tokenizer
