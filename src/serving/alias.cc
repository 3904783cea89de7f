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

SamplingChoices filled(SamplingChoices choices, const SamplingChoices& defaults) {
  fill(choices.temperature, defaults.temperature);
  fill(choices.top_k, defaults.top_k);
  fill(choices.top_p, defaults.top_p);
  fill(choices.min_p, defaults.min_p);
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

base::Result<std::shared_ptr<const ServedModel>> make_alias(std::shared_ptr<const ServedModel> model,
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
