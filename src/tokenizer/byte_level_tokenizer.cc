#include "tokenizer/byte_level_tokenizer.h"

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/streaming_detokenizer.h"

namespace tokenizer {

uint8_t added_token_flags(const AddedToken& token, std::optional<TokenId> unknown) {
  uint8_t flags = Vocabulary::kAdded;
  if (token.special) flags |= Vocabulary::kSpecial;
  if (!is_only_white_space(token.content) && token.id != unknown) flags |= Vocabulary::kReserved;
  return flags;
}

base::Result<std::unique_ptr<Tokenizer>> ByteLevelTokenizer::make(ByteLevelParts parts) {
  std::unique_ptr<ByteLevelTokenizer> tokenizer(new ByteLevelTokenizer(std::move(parts)));
  TRY(tokenizer->index_added_tokens());
  return tokenizer;
}

ByteLevelTokenizer::ByteLevelTokenizer(ByteLevelParts parts)
    : parts_(std::move(parts)), bpe_(parts_.vocabulary, std::move(parts_.merges), parts_.bpe) {}

base::Status ByteLevelTokenizer::index_added_tokens() {
  for (const AddedToken& token : parts_.added) {
    if (token.normalized)
      TRY(normalized_finder_.add(token, normalize(parts_.normalization, token.content)));
    else
      TRY(raw_finder_.add(token, token.content));
  }
  return {};
}

class ByteLevelTokenizer::Pass {
 public:
  Pass(const ByteLevelTokenizer& tokenizer, bool avoid_reserved)
      : tokenizer_(tokenizer), avoid_reserved_(avoid_reserved) {}

  void raw_text(std::string_view text, const Provenance& provenance) {
    for (const AddedTokenFinder::Part& part : tokenizer_.raw_finder_.split(text, provenance)) {
      if (part.added)
        ids_.push_back(*part.added);
      else
        stretch(text.substr(part.range.begin, part.range.end - part.range.begin), part.range, provenance);
    }
  }

  std::vector<TokenId> ids() && { return std::move(ids_); }

 private:
  // Text without raw added tokens; `range` is where it lies in the text that `provenance` speaks of.
  void stretch(std::string_view text, ByteRange range, const Provenance& provenance) {
    const Normalization form = tokenizer_.parts_.normalization;
    const bool needs_provenance = !tokenizer_.normalized_finder_.empty();
    const bool unchanged = is_normalized(form, text);
    if (!needs_provenance) {
      model_text(unchanged ? text : std::string_view(normal_ = normalize(form, text)));
    } else if (unchanged) {
      normal_text(text, provenance.slice(range));
    } else {
      const MixedText normal = normalize(form, text, provenance.slice(range));
      normal_text(normal.text, normal.provenance);
    }
  }

  void normal_text(std::string_view text, const Provenance& provenance) {
    for (const AddedTokenFinder::Part& part : tokenizer_.normalized_finder_.split(text, provenance)) {
      if (part.added)
        ids_.push_back(*part.added);
      else
        model_text(text.substr(part.range.begin, part.range.end - part.range.begin));
    }
  }

  void model_text(std::string_view text) {
    const auto encode_piece = [&](std::string_view piece) {
      tokenizer_.bpe_.encode(piece, avoid_reserved_, ids_);
    };
    tokenizer_.parts_.pre_tokenizer.split(text, encode_piece);
  }

  const ByteLevelTokenizer& tokenizer_;
  const bool avoid_reserved_;
  std::string normal_;  // the stretch at hand, where normalising changed it
  std::vector<TokenId> ids_;
};

std::vector<TokenId> ByteLevelTokenizer::run(std::string_view text, const Provenance& provenance,
                                             bool avoid_reserved) const {
  Pass pass(*this, avoid_reserved);
  pass.raw_text(text, provenance);
  return std::move(pass).ids();
}

std::vector<TokenId> ByteLevelTokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::string repaired;
  if (!base::is_valid_utf8(text)) text = repaired = base::to_valid_utf8(text);
  std::vector<TokenId> ids = options.find_added_tokens
                                 ? run(text, Provenance::all_trusted(), /*avoid_reserved=*/false)
                                 : run(text, Provenance::nothing_trusted(), /*avoid_reserved=*/true);
  if (options.add_special) parts_.post_processor.apply(ids);
  return ids;
}

std::vector<TokenId> ByteLevelTokenizer::encode_strict(std::span<const Segment> segments) const {
  const MixedText mixed = join_segments(segments);
  return run(mixed.text, mixed.provenance, /*avoid_reserved=*/true);
}

std::string ByteLevelTokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  std::string bytes;
  for (const TokenId id : ids)
    if (!(skip_special && is_special(id))) bytes += parts_.vocabulary.bytes(id);
  return base::to_valid_utf8(bytes);
}

std::optional<TokenId> ByteLevelTokenizer::find_token(std::string_view spelling) const {
  for (const AddedToken& token : parts_.added)
    if (token.content == spelling) return token.id;
  return parts_.vocabulary.find(spelling);
}

std::string ByteLevelTokenizer::description() const {
  std::string text =
      base::cat("byte-level BPE, ", parts_.vocabulary.size(), " ids, ", parts_.n_merges, " merges");
  if (parts_.n_dropped_merges > 0)
    text += base::cat(" (", parts_.n_dropped_merges, " of unknown tokens left out)");
  if (parts_.bpe.ignore_merges) text += ", whole words before merges";
  text += base::cat("; normaliser: ", parts_.normalization == Normalization::nfc ? "NFC" : "none");
  text += base::cat("; pieces: ", parts_.pre_tokenizer.description());
  text += base::cat("; ", parts_.added.size(), " added tokens");
  const auto list = [&](std::string_view where, const std::vector<TokenId>& ids) {
    for (const TokenId id : ids)
      text += base::cat("; ", where, " ", base::printable(parts_.vocabulary.spelling(id), 60));
  };
  list("begins with", parts_.post_processor.before);
  list("ends with", parts_.post_processor.after);
  return text;
}

std::unique_ptr<Tokenizer::Detokenizer> ByteLevelTokenizer::make_detokenizer(bool skip_special) const {
  return std::make_unique<StreamingDetokenizer>(parts_.vocabulary, skip_special);
}

}  // namespace tokenizer
