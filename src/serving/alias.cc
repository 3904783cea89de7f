#include "serving/alias.h"

#include <utility>

#include "chat/template.h"

namespace serving {
namespace {

// What an alias's ServedModel borrows.
struct Owned {
  std::shared_ptr<const ServedModel> model;
  std::optional<chat::Template> chat_template;
};

template <class T>
void fill(std::optional<T>& open, const std::optional<T>& from) {
  if (!open) open = from;
}

SamplingChoices filled(SamplingChoices choices, const SamplingChoices& from) {
  fill(choices.temperature, from.temperature);
  fill(choices.top_k, from.top_k);
  fill(choices.top_p, from.top_p);
  fill(choices.min_p, from.min_p);
  fill(choices.typical_p, from.typical_p);
  fill(choices.top_n_sigma, from.top_n_sigma);
  fill(choices.dynatemp_range, from.dynatemp_range);
  fill(choices.dynatemp_exponent, from.dynatemp_exponent);
  fill(choices.repetition_penalty, from.repetition_penalty);
  fill(choices.presence_penalty, from.presence_penalty);
  fill(choices.frequency_penalty, from.frequency_penalty);
  fill(choices.repeat_last_n, from.repeat_last_n);
  fill(choices.dry_multiplier, from.dry_multiplier);
  fill(choices.dry_base, from.dry_base);
  fill(choices.dry_allowed_length, from.dry_allowed_length);
  fill(choices.dry_last_n, from.dry_last_n);
  fill(choices.dry_breakers, from.dry_breakers);
  fill(choices.xtc_probability, from.xtc_probability);
  fill(choices.xtc_threshold, from.xtc_threshold);
  fill(choices.mirostat, from.mirostat);
  fill(choices.mirostat_tau, from.mirostat_tau);
  fill(choices.mirostat_eta, from.mirostat_eta);
  if (choices.order.empty()) choices.order = from.order;
  return choices;
}

Presets filled(Presets presets, const ServedModel& model) {
  if (presets.messages.is_null()) presets.messages = model.presets.messages;
  if (presets.stop.empty()) presets.stop = model.presets.stop;
  fill(presets.max_tokens, model.presets.max_tokens);
  presets.parent = model.id;
  if (!model.presets.parameters.is_object()) return presets;
  for (const base::Json::Member& member : model.presets.parameters.as_object())
    if (!presets.parameters.find(member.key)) presets.parameters.set(member.key, member.value);
  return presets;
}

base::Result<chat::Template> parse_template(const std::string& source) {
  auto parsed = chat::Template::parse(source);
  if (!parsed) return base::fail(base::Code::invalid_argument, parsed.error().message);
  return std::move(*parsed);
}

}  // namespace

base::Status check_alias(const AliasSettings& settings) {
  if (!settings.template_source.empty()) TRY(parse_template(settings.template_source));
  return {};
}

base::Result<std::shared_ptr<const ServedModel>> make_alias(const std::shared_ptr<const ServedModel>& model,
                                                            AliasSettings settings) {
  auto owned = std::make_shared<Owned>(model, std::nullopt);
  auto alias = std::make_shared<ServedModel>(*model);
  alias->id = std::move(settings.id);
  alias->defaults = filled(settings.sampling, model->defaults);
  alias->presets = filled(std::move(settings.presets), *model);
  if (!settings.template_source.empty()) {
    owned->chat_template.emplace(TRY(parse_template(settings.template_source)));
    alias->chat_template = &*owned->chat_template;
    alias->template_problem.clear();
    alias->template_source = std::move(settings.template_source);
  }
  alias->owner = std::move(owned);
  return alias;
}

}  // namespace serving
