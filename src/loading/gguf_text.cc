#include "loading/gguf_text.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/fields.h"
#include "model_files/gguf/metadata.h"

namespace loading {

using base::cat;
using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model_files::Fields;

namespace {

// Kinds of vocabulary that exist and are not byte-level BPE; models that carry them can still be run by ids.
constexpr std::array<std::string_view, 6> kOtherKinds = {"llama", "bert", "t5", "rwkv", "plamo2", "none"};

constexpr std::array<const char*, 15> kTokenIdKeys = {
    "bos_token_id",     "eos_token_id",       "eot_token_id",     "eom_token_id",     "unknown_token_id",
    "padding_token_id", "seperator_token_id", "cls_token_id",     "mask_token_id",    "fim_pre_token_id",
    "fim_suf_token_id", "fim_mid_token_id",   "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id"};

Status check_token_ids(const Fields& fields, int64_t n_tokens) {
  for (const char* key : kTokenIdKeys) TRY(fields.integer_or(key, 0, 0, n_tokens - 1));
  return {};
}

Result<std::optional<int64_t>> token_id(const Fields& fields, const char* key, int64_t n_tokens) {
  if (!fields.has(key)) return std::nullopt;
  return TRY(fields.integer(key, 0, n_tokens - 1));
}

Status check_length(std::string_view key, size_t length, size_t n_tokens) {
  if (length == n_tokens) return {};
  return fail(Code::corrupt,
              cat("tokenizer.ggml.", key, " has ", length, " entries for ", n_tokens, " tokens"));
}

// Rows beyond the vocabulary are padding; a token without a row could never be read.
Status check_rows(const model_files::ModelFile& file, int64_t n_tokens) {
  const tensor::TensorView* table = file.find("token_embd.weight");
  if (table == nullptr || table->n_rows() >= n_tokens) return {};
  return fail(Code::corrupt,
              cat("tensor 'token_embd.weight' has ", table->n_rows(), " rows for ", n_tokens, " tokens"));
}

std::vector<std::string> owned(const std::vector<std::string_view>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

Result<GgufText> read_gguf_text(const model_files::ModelFile& file) {
  const model_files::gguf::Metadata& metadata = *file.gguf();
  const Fields fields(file.metadata(), "tokenizer.ggml.");
  GgufText text;
  if (const auto* entry = metadata.find("tokenizer.chat_template"); entry != nullptr)
    text.chat_template = TRY(Fields(file.metadata()).string("tokenizer.chat_template"));

  tokenizer::GgufVocabulary v;
  v.model = TRY(fields.string("model"));
  v.tokens = owned(TRY(metadata.strings("tokenizer.ggml.tokens")));
  const auto n_tokens = std::ssize(v.tokens);
  if (n_tokens == 0) return fail(Code::corrupt, "tokenizer.ggml.tokens is empty");
  TRY(check_rows(file, n_tokens));
  TRY(check_token_ids(fields, n_tokens));
  if (metadata.find("tokenizer.ggml.token_type") != nullptr) {
    v.token_types = TRY(metadata.integers("tokenizer.ggml.token_type"));
    TRY(check_length("token_type", v.token_types.size(), v.tokens.size()));
  }
  if (metadata.find("tokenizer.ggml.scores") != nullptr) {
    v.scores = TRY(metadata.floats("tokenizer.ggml.scores"));
    TRY(check_length("scores", v.scores.size(), v.tokens.size()));
  }
  v.bos_id = TRY(token_id(fields, "bos_token_id", n_tokens));
  v.eos_id = TRY(token_id(fields, "eos_token_id", n_tokens));
  v.eot_id = TRY(token_id(fields, "eot_token_id", n_tokens));
  v.eom_id = TRY(token_id(fields, "eom_token_id", n_tokens));
  v.unknown_id = TRY(token_id(fields, "unknown_token_id", n_tokens));
  v.pad_id = TRY(token_id(fields, "padding_token_id", n_tokens));
  if (v.eos_id) text.eos = static_cast<tokenizer::TokenId>(*v.eos_id);
  if (fields.has("add_bos_token")) v.add_bos = TRY(fields.boolean_or("add_bos_token", false));
  if (fields.has("add_eos_token")) v.add_eos = TRY(fields.boolean_or("add_eos_token", false));

  if (std::ranges::find(kOtherKinds, v.model) != kOtherKinds.end()) {
    text.problem =
        cat("tokenizer model '", v.model, "' is not supported, only byte-level BPE ('gpt2'): give token ids");
    return text;
  }
  v.pre = TRY(fields.string_or("pre", ""));
  v.merges = owned(TRY(metadata.strings("tokenizer.ggml.merges")));
  text.vocabulary = std::move(v);
  return text;
}

}  // namespace loading
