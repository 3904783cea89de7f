// Builds a tokenizer from what GGUF metadata says about a vocabulary.
#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/byte_level_tokenizer.h"
#include "tokenizer/known_patterns.h"
#include "tokenizer/tokenizer.h"

namespace tokenizer {
namespace {

using base::Code;
using base::fail;

// What a name in tokenizer.ggml.pre stands for.
struct PreSettings {
  bool single_digits_first = false;
  std::string_view pattern;
  Normalization normalization = Normalization::none;
  bool ignore_merges = false;
  bool adds_bos = false;  // unless the file says otherwise
};

constexpr PreSettings kGpt2{.pattern = kGpt2Pattern};
constexpr PreSettings kSmollm{.single_digits_first = true, .pattern = kGpt2Pattern};
constexpr PreSettings kLlama3{.pattern = kLlama3Pattern, .ignore_merges = true, .adds_bos = true};
constexpr PreSettings kLlama3MergesOnly{.pattern = kLlama3Pattern};
constexpr PreSettings kQwen2{.pattern = kQwen2Pattern, .normalization = Normalization::nfc};
constexpr PreSettings kQwen2NotNormalized{.pattern = kQwen2Pattern};

constexpr struct {
  std::string_view name;
  PreSettings settings;
} kPreTokenizers[] = {
    {"gpt-2", kGpt2},
    {"exaone4", kGpt2},
    {"a.x-4.0", kGpt2},
    {"trillion", kGpt2},
    {"olmo", kGpt2},
    {"phi-2", kGpt2},
    {"smollm", kSmollm},
    {"exaone", kSmollm},
    {"llama-bpe", kLlama3},
    {"falcon3", kLlama3},
    {"midm-2.0", kLlama3},
    {"glm4", kLlama3MergesOnly},
    {"chatglm-bpe", kLlama3MergesOnly},
    {"qwen2", kQwen2},
    {"deepseek-r1-qwen", kQwen2NotNormalized},
    {"kormo", kQwen2NotNormalized},
    {"solar-open", kQwen2NotNormalized},
    {"hunyuan", kQwen2NotNormalized},
};

// A chat model's turn ends with one of these, whether or not the file names it as its eot.
constexpr std::string_view kEndOfTurnNames[] = {"<|eot_id|>",    "<|im_end|>",    "<|end|>",
                                                "<end_of_turn>", "<|endoftext|>", "<｜end▁of▁sentence｜>",
                                                "<EOT>",         "_<EOT>"};

enum TokenType : int32_t { kControl = 3, kUserDefined = 4 };

std::string quoted(std::string_view text) {
  return base::cat("'", base::printable(text, 60), "'");
}

base::Result<PreSettings> pre_settings(const GgufVocabulary& gguf) {
  if (gguf.model != "gpt2")
    return fail(Code::unsupported, base::cat("tokenizer.ggml.model ", quoted(gguf.model),
                                             " is not supported ('gpt2', byte-level BPE, is)"));
  for (const auto& known : kPreTokenizers)
    if (known.name == gguf.pre) return known.settings;
  return fail(Code::unsupported, base::cat("tokenizer.ggml.pre ", quoted(gguf.pre), " is not supported"));
}

base::Status check_special_id(std::string_view name, std::optional<int64_t> id, size_t n_tokens) {
  if (!id || (*id >= 0 && static_cast<uint64_t>(*id) < n_tokens)) return {};
  return fail(Code::corrupt, base::cat(name, " is ", *id, ", but there are ", n_tokens, " tokens"));
}

base::Status check(const GgufVocabulary& gguf) {
  const size_t n = gguf.tokens.size();
  if (n == 0) return fail(Code::corrupt, "tokenizer.ggml.tokens is empty");
  if (!gguf.token_types.empty() && gguf.token_types.size() != n)
    return fail(Code::corrupt, base::cat("tokenizer.ggml.token_type has ", gguf.token_types.size(),
                                         " entries for ", n, " tokens"));
  if (!gguf.scores.empty() && gguf.scores.size() != n)
    return fail(Code::corrupt,
                base::cat("tokenizer.ggml.scores has ", gguf.scores.size(), " entries for ", n, " tokens"));
  TRY(check_special_id("tokenizer.ggml.bos_token_id", gguf.bos_id, n));
  TRY(check_special_id("tokenizer.ggml.eos_token_id", gguf.eos_id, n));
  TRY(check_special_id("tokenizer.ggml.eot_token_id", gguf.eot_id, n));
  TRY(check_special_id("tokenizer.ggml.eom_token_id", gguf.eom_id, n));
  TRY(check_special_id("tokenizer.ggml.unknown_token_id", gguf.unknown_id, n));
  TRY(check_special_id("tokenizer.ggml.padding_token_id", gguf.pad_id, n));
  return {};
}

int32_t type_of(const GgufVocabulary& gguf, size_t index) {
  return gguf.token_types.empty() ? 1 : gguf.token_types[index];
}

std::vector<AddedToken> added_tokens(const GgufVocabulary& gguf) {
  std::vector<AddedToken> added;
  for (size_t i = 0; i < gguf.tokens.size(); ++i) {
    const int32_t type = type_of(gguf, i);
    if (type != kControl && type != kUserDefined) continue;
    added.push_back({.content = gguf.tokens[i], .id = static_cast<TokenId>(i), .special = type == kControl});
  }
  return added;
}

base::Result<Vocabulary> make_vocabulary(const GgufVocabulary& gguf, const std::vector<AddedToken>& added) {
  Vocabulary::Builder builder;
  for (size_t i = 0; i < gguf.tokens.size(); ++i) {
    const std::string& token = gguf.tokens[i];
    if (!base::is_valid_utf8(token))
      return fail(Code::corrupt, base::cat("token ", i, " is not valid UTF-8"));
    if (token.find('\0') != std::string::npos)
      return fail(Code::corrupt, base::cat("token ", i, " holds a NUL"));
    TRY(builder.add(token, static_cast<int64_t>(i), Vocabulary::kInModel));
  }
  for (const AddedToken& token : added)
    TRY(builder.add(token.content, token.id, added_token_flags(token, std::nullopt)));
  return std::move(builder).build();
}

// "a b". A merge of tokens that the vocabulary lacks can never happen and is left out; anything else than two
// parts is an error.
base::Status add_merges(const GgufVocabulary& gguf, ByteLevelParts& parts) {
  parts.merges = MergeTable(gguf.merges.size());
  std::string joined;
  for (const std::string& merge : gguf.merges) {
    const size_t space = merge.find(' ');
    if (space == 0 || space + 1 >= merge.size() || space == std::string::npos ||
        merge.find(' ', space + 1) != std::string::npos)
      return fail(Code::corrupt,
                  base::cat("tokenizer.ggml.merges holds ", quoted(merge), ", which is no pair of tokens"));
    const std::string_view left = std::string_view(merge).substr(0, space);
    const std::string_view right = std::string_view(merge).substr(space + 1);
    joined.assign(left).append(right);
    const std::optional<TokenId> left_id = parts.vocabulary.find(left),
                                 right_id = parts.vocabulary.find(right),
                                 result = parts.vocabulary.find(joined);
    if (left_id && right_id && result)
      parts.merges.add(*left_id, *right_id, {static_cast<int32_t>(parts.n_merges), *result},
                       MergeTable::OnDuplicate::keep_first);
    else
      ++parts.n_dropped_merges;
    ++parts.n_merges;
  }
  return {};
}

std::optional<TokenId> to_token(std::optional<int64_t> id) {
  return id ? std::optional(static_cast<TokenId>(*id)) : std::nullopt;
}

base::Result<PostProcessor> make_post_processor(const GgufVocabulary& gguf, const PreSettings& settings) {
  PostProcessor result;
  if (gguf.add_bos.value_or(settings.adds_bos && gguf.bos_id.has_value())) {
    if (!gguf.bos_id)
      return fail(Code::corrupt, "tokenizer.ggml.add_bos_token is set, but there is no bos_token_id");
    result.before.push_back(*to_token(gguf.bos_id));
  }
  if (gguf.add_eos.value_or(false)) {
    if (!gguf.eos_id)
      return fail(Code::corrupt, "tokenizer.ggml.add_eos_token is set, but there is no eos_token_id");
    result.after.push_back(*to_token(gguf.eos_id));
  }
  return result;
}

std::vector<TokenId> find_end_tokens(const GgufVocabulary& gguf, const std::vector<AddedToken>& added) {
  std::vector<TokenId> ids;
  const auto add = [&](std::optional<TokenId> id) {
    if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
  };
  add(to_token(gguf.eos_id));
  add(to_token(gguf.eot_id));
  add(to_token(gguf.eom_id));
  if (gguf.eot_id) return ids;
  for (const AddedToken& token : added) {
    const bool known = std::find(std::begin(kEndOfTurnNames), std::end(kEndOfTurnNames), token.content) !=
                       std::end(kEndOfTurnNames);
    if (token.special && known) add(token.id);
  }
  return ids;
}

PreTokenizer make_pre_tokenizer(const PreSettings& settings) {
  std::vector<std::unique_ptr<Splitter>> steps;
  if (settings.single_digits_first) steps.push_back(make_digits_splitter(/*individual=*/true));
  steps.push_back(make_scanner(settings.pattern));
  return PreTokenizer(std::move(steps));
}

}  // namespace

base::Result<std::unique_ptr<Tokenizer>> Tokenizer::from_gguf(const GgufVocabulary& gguf) {
  const PreSettings settings = TRY(pre_settings(gguf));
  TRY(check(gguf));
  ByteLevelParts parts;
  parts.added = added_tokens(gguf);
  parts.vocabulary = TRY(make_vocabulary(gguf, parts.added));
  TRY(add_merges(gguf, parts));
  parts.bpe.ignore_merges = settings.ignore_merges;
  parts.normalization = settings.normalization;
  parts.pre_tokenizer = make_pre_tokenizer(settings);
  parts.post_processor = TRY(make_post_processor(gguf, settings));
  parts.bos = to_token(gguf.bos_id);
  parts.end_tokens = find_end_tokens(gguf, parts.added);
  return ByteLevelTokenizer::make(std::move(parts));
}

}  // namespace tokenizer
