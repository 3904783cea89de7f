#include "loading/loaded_model.h"

#include <algorithm>

#include "base/strings.h"
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

// eos_token_id of config.json or generation_config.json: one id or a list.
Status add_stop_ids(const Json& object, std::string_view file_name, int64_t vocab_size,
                    std::vector<TokenId>& ids) {
  const Json* value = Fields(object).find("eos_token_id");
  if (value == nullptr) return {};
  const Json::Array one{*value};
  for (const Json& each : value->is_array() ? value->as_array() : one) {
    if (!each.is_integer() || each.as_integer() < 0 || each.as_integer() >= vocab_size)
      return fail(Code::corrupt,
                  cat(file_name, ": eos_token_id is ", each.write(), ", must be 0..", vocab_size - 1));
    ids.push_back(static_cast<TokenId>(each.as_integer()));
  }
  return {};
}

Result<GenerationDefaults> read_defaults(const Json& generation) {
  const Fields fields(generation);
  GenerationDefaults defaults;
  // do_sample false means greedy, whatever else the file holds.
  const bool samples = TRY(fields.boolean_or("do_sample", true));
  if (fields.has("do_sample") && !samples) defaults.temperature = 0;
  if (samples && fields.has("temperature"))
    defaults.temperature = TRY(fields.number("temperature", -1e-9, 100));
  if (fields.has("top_p")) defaults.top_p = TRY(fields.number("top_p", 0, 1.0000001));
  if (fields.has("min_p")) defaults.min_p = TRY(fields.number("min_p", -1e-9, 1.0000001));
  if (fields.has("repetition_penalty"))
    defaults.repetition_penalty = TRY(fields.number("repetition_penalty", 0.01, 100));
  if (fields.has("top_k")) defaults.top_k = TRY(fields.integer("top_k", 0, 1 << 30));
  return defaults;
}

Status read_folder_files(OpenedModel& opened) {
  TRY(add_stop_ids(opened.file->metadata(), "config.json", opened.config.vocab_size, opened.stop_ids));
  const Json generation = TRY(JsonFiles::beside(*opened.file).object("generation_config.json"));
  TRY(add_stop_ids(generation, "generation_config.json", opened.config.vocab_size, opened.stop_ids));
  auto defaults = read_defaults(generation);
  if (!defaults) return fail(defaults.error(), "generation_config.json");
  opened.defaults = *defaults;
  return {};
}

}  // namespace

Result<OpenedModel> open_model(const std::string& path) {
  OpenedModel opened;
  opened.file = TRY(model_files::ModelFile::open(path));
  opened.config = TRY(models::read_config(*opened.file));
  opened.text = TRY(read_text_side(*opened.file));
  if (opened.file->container() == model_files::Container::folder) TRY(read_folder_files(opened));
  for (const TokenId id : opened.text.end_tokens)
    if (id < opened.config.vocab_size) opened.stop_ids.push_back(id);
  std::ranges::sort(opened.stop_ids);
  const auto repeated = std::ranges::unique(opened.stop_ids);
  opened.stop_ids.erase(repeated.begin(), repeated.end());
  return opened;
}

Result<LoadedModel> load_weights(OpenedModel opened, const models::LoadOptions& options) {
  LoadedModel loaded;
  loaded.model = TRY(models::load_model(*opened.file, options));
  TRY(opened.file->check_unchanged());
  loaded.n_valid_ids = opened.config.vocab_size;
  if (opened.text.tokenizer) loaded.n_valid_ids = std::min(loaded.n_valid_ids, opened.text.tokenizer->size());
  loaded.file = std::move(opened.file);
  loaded.text = std::move(opened.text);
  loaded.defaults = opened.defaults;
  loaded.stop_ids = std::move(opened.stop_ids);
  return loaded;
}

}  // namespace loading
