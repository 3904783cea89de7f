#include "api/page/status.h"

#include <algorithm>
#include <utility>

namespace api::page {

using base::Json;
using serving::ModelDirectory;

Json StatusBoard::read() {
  const auto descriptions = environment_.models->all();
  const bool is_idle = std::ranges::none_of(descriptions, [](const auto& each) {
    if (each.state == ModelDirectory::State::loading) return true;
    if (!each.model) return false;
    const engine::EngineStats stats = each.model->engine->stats();
    return stats.running + stats.waiting > 0;
  });
  Json models(Json::Array{});
  for (const auto& description : descriptions)
    if (description.state != ModelDirectory::State::known) models.push_back(row(description, is_idle));
  Json out(Json::Object{});
  out.set("models", std::move(models));
  return out;
}

Json StatusBoard::row(const ModelDirectory::Description& description, bool is_idle) {
  Json out(Json::Object{});
  out.set("id", description.entry.id);
  out.set("state", description.state == ModelDirectory::State::loaded ? "loaded" : "loading");
  out.set("memory_bytes", static_cast<int64_t>(description.bytes));
  if (!description.model) return out;
  const engine::EngineStats stats = description.model->engine->stats();
  out.set("context_length", description.model->engine->context_tokens());
  out.set("running", stats.running);
  out.set("waiting", stats.waiting);
  out.set("pages_total", stats.pages_total);
  out.set("pages_free", stats.pages_free + stats.pages_cached);
  const auto limit = decode_limit(*description.model, is_idle);
  out.set("decode_limit_tokens_per_second", limit ? Json(*limit) : Json());
  return out;
}

std::optional<double> StatusBoard::decode_limit(const serving::ServedModel& model, bool is_idle) {
  std::lock_guard lock(mutex_);  // two measurements at once would halve each other
  const auto known = limits_.find(model.id);
  if (known != limits_.end()) return known->second;
  if (!is_idle || !model.measure_decode_limit) return std::nullopt;
  return limits_[model.id] = model.measure_decode_limit();
}

}  // namespace api::page
