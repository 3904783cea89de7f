// Reads a tokenizer.json. What it asks for and this build does not do is an error that names it.
#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/byte_level_tokenizer.h"
#include "tokenizer/tokenizer.h"

namespace tokenizer {
namespace {

using base::Code;
using base::fail;
using base::Json;

std::string quoted(std::string_view text) {
  return base::cat("'", base::printable(text, 60), "'");
}

base::Result<bool> required_flag(const Json& object, std::string_view name, std::string_view content) {
  const Json* value = object.find(name);
  if (value == nullptr || !value->is_bool())
    return fail(Code::corrupt, base::cat("added token ", quoted(content), " has no boolean '", name, "'"));
  return value->as_bool();
}

base::Result<int64_t> token_id(const Json* value, std::string_view spelling) {
  if (value == nullptr || !value->is_integer())
    return fail(Code::corrupt, base::cat("the id of token ", quoted(spelling), " is no integer that fits"));
  return value->as_integer();
}

base::Result<AddedToken> parse_added_token(const Json& entry) {
  const Json* content = entry.find("content");
  if (content == nullptr || !content->is_string())
    return fail(Code::corrupt, "an added token has no text 'content'");
  const std::string& text = content->as_string();
  const int64_t id = TRY(token_id(entry.find("id"), text));
  if (id < 0 || id > kMaxTokenId)
    return fail(Code::corrupt, base::cat("added token ", quoted(text), " has id ", id,
                                         ", which is not between 0 and ", kMaxTokenId));
  return AddedToken{.content = text,
                    .id = static_cast<TokenId>(id),
                    .single_word = TRY(required_flag(entry, "single_word", text)),
                    .lstrip = TRY(required_flag(entry, "lstrip", text)),
                    .rstrip = TRY(required_flag(entry, "rstrip", text)),
                    .normalized = TRY(required_flag(entry, "normalized", text)),
                    .special = TRY(required_flag(entry, "special", text))};
}

base::Result<std::vector<AddedToken>> parse_added_tokens(const Json& file) {
  std::vector<AddedToken> tokens;
  const Json* list = file.find("added_tokens");
  if (list == nullptr || list->is_null()) return tokens;
  if (!list->is_array()) return fail(Code::corrupt, "'added_tokens' is not a list");
  for (const Json& entry : list->as_array()) {
    AddedToken token = TRY(parse_added_token(entry));
    if (!token.content.empty())
      tokens.push_back(std::move(token));  // an empty one can neither be found nor seen
  }
  return tokens;
}

// Tells a BPE model from others; files from before there was a "type" have none.
base::Result<const Json*> bpe_model(const Json& file) {
  const Json* model = file.find("model");
  if (model == nullptr || !model->is_object()) return fail(Code::corrupt, "there is no 'model'");
  const Json* type = model->find("type");
  if (type != nullptr && !type->is_string()) return fail(Code::corrupt, "the model's 'type' is not a string");
  if (type != nullptr && type->as_string() != "BPE")
    return fail(Code::unsupported, base::cat("the model type ", quoted(type->as_string()),
                                             " is not supported (byte-level BPE is)"));
  return model;
}

// Settings that would change ids in ways that are not built here.
base::Status check_model_settings(const Json& model) {
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json* value = model.find(name);
    if (value != nullptr && !value->is_null() && !(value->is_string() && value->as_string().empty()))
      return fail(Code::unsupported, base::cat("the model's '", name, "' is not supported"));
  }
  const Json* dropout = model.find("dropout");
  if (dropout != nullptr && !dropout->is_null() && !(dropout->is_number() && dropout->as_double() == 0))
    return fail(Code::unsupported, "the model's 'dropout' is not supported: it would make ids random");
  const Json* byte_fallback = model.find("byte_fallback");
  if (byte_fallback != nullptr && !byte_fallback->is_null() && *byte_fallback != Json(false))
    return fail(Code::unsupported, "the model's 'byte_fallback' is not supported");
  return {};
}

base::Result<bool> model_flag(const Json& model, std::string_view name) {
  const Json* value = model.find(name);
  if (value == nullptr || value->is_null()) return false;
  if (!value->is_bool()) return fail(Code::corrupt, base::cat("the model's '", name, "' is not a boolean"));
  return value->as_bool();
}

base::Result<Vocabulary> parse_vocabulary(const Json& model, const std::vector<AddedToken>& added) {
  const Json* vocab = model.find("vocab");
  if (vocab == nullptr || !vocab->is_object())
    return fail(Code::corrupt, "the model's 'vocab' is not an object");
  const Json* unknown = model.find("unk_token");
  const Json* unknown_id =
      unknown != nullptr && unknown->is_string() ? vocab->find(unknown->as_string()) : nullptr;
  std::optional<TokenId> unknown_token;
  if (unknown_id != nullptr && unknown_id->is_integer())
    unknown_token = static_cast<TokenId>(std::clamp<int64_t>(unknown_id->as_integer(), -1, kMaxTokenId));
  Vocabulary::Builder builder;
  for (const Json::Member& member : vocab->as_object())
    TRY(builder.add(member.key, TRY(token_id(&member.value, member.key)), Vocabulary::kInModel));
  for (const AddedToken& token : added)
    TRY(builder.add(token.content, token.id, added_token_flags(token, unknown_token)));
  return std::move(builder).build();
}

// An added token that the vocabulary also has must have its id there, and none may be listed twice with two
// ids.
base::Status check_added_ids(const std::vector<AddedToken>& added, const Vocabulary& vocabulary) {
  for (const AddedToken& token : added) {
    const TokenId known = vocabulary.find(token.content).value_or(-1);
    if (known != token.id)
      return fail(Code::corrupt, base::cat("added token ", quoted(token.content), " has two ids, ",
                                           std::min(known, token.id), " and ", std::max(known, token.id)));
  }
  return {};
}

base::Result<BpeOptions> parse_options(const Json& model, const Vocabulary& vocabulary) {
  BpeOptions options{.ignore_merges = TRY(model_flag(model, "ignore_merges")),
                     .unknown = std::nullopt,
                     .fuse_unknown = TRY(model_flag(model, "fuse_unk"))};
  const Json* unknown = model.find("unk_token");
  if (unknown == nullptr || unknown->is_null()) return options;
  if (!unknown->is_string()) return fail(Code::corrupt, "the model's 'unk_token' is not a string");
  options.unknown = vocabulary.find_in_model(unknown->as_string());
  if (!options.unknown)
    return fail(Code::corrupt, base::cat("the model's unk_token ", quoted(unknown->as_string()),
                                         " is not in its vocabulary"));
  return options;
}

struct MergeParts {
  std::string_view left, right;
};

// "a b", or ["a", "b"].
base::Result<MergeParts> merge_parts(const Json& merge) {
  if (merge.is_array() && merge.as_array().size() == 2 && merge.as_array()[0].is_string() &&
      merge.as_array()[1].is_string())
    return MergeParts{merge.as_array()[0].as_string(), merge.as_array()[1].as_string()};
  if (merge.is_string()) {
    const std::string_view text = merge.as_string();
    const size_t space = text.find(' ');
    if (space != std::string_view::npos && text.find(' ', space + 1) == std::string_view::npos)
      return MergeParts{text.substr(0, space), text.substr(space + 1)};
  }
  return fail(Code::corrupt,
              base::cat("the merge ", base::printable(merge.write(), 60), " is no pair of tokens"));
}

base::Result<TokenId> merge_token(const Vocabulary& vocabulary, std::string_view spelling,
                                  std::string_view role) {
  if (const std::optional<TokenId> id = vocabulary.find_in_model(spelling)) return *id;
  return fail(Code::corrupt, base::cat(role, " ", quoted(spelling), " is not in the vocabulary"));
}

base::Result<MergeTable> parse_merges(const Json& model, const Vocabulary& vocabulary) {
  const Json* merges = model.find("merges");
  if (merges == nullptr || !merges->is_array())
    return fail(Code::corrupt, "the model's 'merges' is not a list");
  MergeTable table(merges->as_array().size());
  int32_t rank = 0;
  std::string joined;
  for (const Json& merge : merges->as_array()) {
    const MergeParts parts = TRY(merge_parts(merge));
    const TokenId left = TRY(merge_token(vocabulary, parts.left, "a merge's token"));
    const TokenId right = TRY(merge_token(vocabulary, parts.right, "a merge's token"));
    joined.assign(parts.left).append(parts.right);
    const TokenId result = TRY(merge_token(vocabulary, joined, "a merge's result"));
    table.add(left, right, {rank++, result}, MergeTable::OnDuplicate::take_last);
  }
  return table;
}

base::Status check_decoder(const Json* decoder) {
  const Json* type = decoder != nullptr ? decoder->find("type") : nullptr;
  if (type == nullptr || !type->is_string())
    return fail(Code::unsupported, "there is no decoder (ByteLevel is supported)");
  if (type->as_string() == "ByteLevel") return {};
  const Json* parts = decoder->find("decoders");
  const bool sequence_of_one = type->as_string() == "Sequence" && parts != nullptr && parts->is_array() &&
                               parts->as_array().size() == 1;
  if (sequence_of_one) return check_decoder(&parts->as_array()[0]);
  return fail(Code::unsupported,
              base::cat("the decoder ", quoted(type->as_string()), " is not supported (ByteLevel is)"));
}

base::Result<std::unique_ptr<Tokenizer>> read(std::string_view bytes) {
  const Json file = TRY(Json::parse(bytes));
  if (!file.is_object()) return fail(Code::corrupt, base::cat("it is no object but ", file.type_name()));
  const Json& model = *TRY(bpe_model(file));
  TRY(check_model_settings(model));
  ByteLevelParts parts;
  parts.added = TRY(parse_added_tokens(file));
  parts.vocabulary = TRY(parse_vocabulary(model, parts.added));
  TRY(check_added_ids(parts.added, parts.vocabulary));
  parts.bpe = TRY(parse_options(model, parts.vocabulary));
  parts.merges = TRY(parse_merges(model, parts.vocabulary));
  parts.n_merges = model.find("merges")->as_array().size();
  parts.normalization = TRY(parse_normalizer(file.find("normalizer")));
  parts.pre_tokenizer = TRY(PreTokenizer::parse(file.find("pre_tokenizer")));
  parts.post_processor = TRY(PostProcessor::parse(file.find("post_processor"), parts.vocabulary));
  TRY(check_decoder(file.find("decoder")));
  return ByteLevelTokenizer::make(std::move(parts));
}

}  // namespace

base::Result<std::unique_ptr<Tokenizer>> Tokenizer::from_tokenizer_json(std::string_view tokenizer_json) {
  base::Result<std::unique_ptr<Tokenizer>> tokenizer = read(tokenizer_json);
  if (!tokenizer) return fail(std::move(tokenizer.error()), "tokenizer.json");
  return tokenizer;
}

}  // namespace tokenizer
