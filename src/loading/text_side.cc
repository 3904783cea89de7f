#include "loading/text_side.h"

#include <algorithm>
#include <filesystem>

#include "base/strings.h"
#include "loading/gguf_text.h"
#include "loading/json_files.h"
#include "model_files/fields.h"

namespace loading {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;
using base::Status;
using model_files::Fields;

namespace {

// A special token in tokenizer_config.json: its text, or an object that holds it as "content".
std::optional<std::string> token_text(const Json* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->as_string();
  const Json* content = value->find("content");
  if (content != nullptr && content->is_string()) return content->as_string();
  return std::nullopt;
}

// chat_template: a text, or a list of named ones of which "default" counts.
std::optional<std::string> template_in(const Json& config) {
  const Json* value = config.find("chat_template");
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->as_string();
  if (!value->is_array()) return std::nullopt;
  for (const Json& each : value->as_array()) {
    const Json* name = each.find("name");
    const Json* source = each.find("template");
    if (name != nullptr && source != nullptr && *name == Json("default") && source->is_string())
      return source->as_string();
  }
  return std::nullopt;
}

void set_template(TextSide& side, std::string source) {
  side.template_source = std::move(source);
  auto parsed = chat::Template::parse(side.template_source);
  if (parsed)
    side.chat_template = std::move(parsed).value();
  else
    side.template_problem = parsed.error().message;
}

// `files` gives the texts beside the tokenizer; add_bos_token counts inside a model folder only.
Result<TextSide> from_json_files(const JsonFiles& files, const std::string& tokenizer_name,
                                 bool in_model_folder) {
  TextSide side;
  const std::optional<std::string> tokenizer_json = TRY(files.text(tokenizer_name));
  if (tokenizer_json)
    side.tokenizer = TRY(tokenizer::Tokenizer::from_tokenizer_json(*tokenizer_json));
  else
    side.tokenizer_problem = "the folder has no tokenizer.json";

  const Json config = TRY(files.object("tokenizer_config.json"));
  for (const char* name : {"bos_token", "eos_token", "pad_token", "unk_token"})
    if (const auto text = token_text(config.find(name))) side.template_variables.set(name, *text);
  if (in_model_folder) {
    const Fields fields(config);
    if (fields.has("add_bos_token")) side.add_bos = TRY(fields.boolean_or("add_bos_token", false));
  }
  if (side.tokenizer) {
    if (const auto bos = token_text(config.find("bos_token"))) side.bos = side.tokenizer->find_token(*bos);
    const auto eos = token_text(config.find("eos_token"));
    if (const auto id = eos ? side.tokenizer->find_token(*eos) : std::nullopt) side.end_tokens.push_back(*id);
  }
  std::optional<std::string> source = TRY(files.text("chat_template.jinja"));
  if (!source) source = template_in(config);
  if (source) set_template(side, std::move(*source));
  return side;
}

Result<TextSide> from_gguf(const model_files::ModelFile& file) {
  GgufText text = TRY(read_gguf_text(file));
  TextSide side;
  if (text.vocabulary) {
    side.tokenizer = TRY(tokenizer::Tokenizer::from_gguf(*text.vocabulary));
    side.bos = side.tokenizer->bos();
    side.end_tokens = side.tokenizer->end_tokens();
    if (side.bos) side.template_variables.set("bos_token", side.tokenizer->token_spelling(*side.bos));
    if (text.eos) side.template_variables.set("eos_token", side.tokenizer->token_spelling(*text.eos));
  }
  side.tokenizer_problem = std::move(text.problem);
  if (text.chat_template) set_template(side, std::move(*text.chat_template));
  return side;
}

}  // namespace

std::vector<TokenId> TextSide::encode_plain(std::string_view text) const {
  std::vector<TokenId> ids = tokenizer->encode(text, {.add_special = add_bos.value_or(true)});
  if (add_bos.value_or(false) && bos && (ids.empty() || ids.front() != *bos)) ids.insert(ids.begin(), *bos);
  return ids;
}

Result<TextSide> read_text_side(const model_files::ModelFile& file) {
  if (file.container() == model_files::Container::gguf) return from_gguf(file);
  return from_json_files(JsonFiles::beside(file), "tokenizer.json", /*in_model_folder=*/true);
}

Result<TextSide> load_text_side(const std::string& path) {
  const std::filesystem::path as_path(path);
  std::error_code error;
  if (std::filesystem::is_directory(as_path, error)) {
    const bool is_model = std::filesystem::exists(as_path / "config.json", error);
    TextSide side = TRY(from_json_files(JsonFiles::in_folder(path), "tokenizer.json", is_model));
    if (!side.tokenizer && side.template_source.empty())
      return fail(Code::not_found, cat("'", path, "' holds neither tokenizer.json nor a chat template"));
    return side;
  }
  if (as_path.extension() == ".json")
    return from_json_files(JsonFiles::in_folder(as_path.parent_path().string()), as_path.filename().string(),
                           /*in_model_folder=*/false);
  const auto file = TRY(model_files::ModelFile::open(path));
  if (file->container() == model_files::Container::safetensors_file)
    return fail(Code::unsupported,
                cat("'", path, "' holds no vocabulary: give the folder, a tokenizer.json or a GGUF"));
  return read_text_side(*file);
}

Status replace_template(TextSide& side, std::string source) {
  side.chat_template = TRY(chat::Template::parse(source));
  side.template_source = std::move(source);
  side.template_problem.clear();
  return {};
}

}  // namespace loading
