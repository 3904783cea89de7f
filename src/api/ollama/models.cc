#include "api/ollama/models.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/common/field_reader.h"
#include "api/common/inference.h"
#include "api/common/timestamp.h"
#include "api/ollama/errors.h"
#include "api/ollama/modelfile.h"
#include "api/ollama/names.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace api::ollama {
namespace {

using base::Json;
using serving::ModelFacts;
using serving::ServedModel;
using SharedReply = std::shared_ptr<http::Reply>;

// The version of Ollama whose interface this is: clients ask for it before they use what is newer.
constexpr const char* kVersion = "0.13.0";
constexpr const char* kNever = "2318-01-01T00:00:00Z";  // models stay loaded; theirs for that

std::string hex_of(std::string_view text) {
  return base::sha256_hex(std::as_bytes(std::span(text)));
}

// The file's own digest where it is known; else one of what is known, so that two models differ in it.
std::string digest_of(const std::string& id, const ModelFacts& facts) {
  if (!facts.sha256.empty()) return facts.sha256;
  return hex_of(base::cat(id, "\n", facts.architecture, "\n", facts.weight_type, "\n", facts.size_bytes));
}

// "134.52M", "7.62B"
std::string parameter_size(int64_t n) {
  if (n <= 0) return "";
  const bool billions = n >= 1'000'000'000;
  const double number = std::round(static_cast<double>(n) / (billions ? 1e7 : 1e4)) / 100;
  return base::cat(number, billions ? "B" : "M");
}

Json details_json(const ModelFacts& facts, const std::string& parent) {
  Json out(Json::Object{});
  out.set("parent_model", parent);
  out.set("format", base::to_lower_ascii(facts.container));
  out.set("family", facts.architecture);
  out.set("families", Json::Array{facts.architecture});
  out.set("parameter_size", parameter_size(facts.n_parameters));
  out.set("quantization_level", facts.weight_type);
  return out;
}

Json capabilities_json(const ServedModel& model) {
  Json out(Json::Array{"completion"});
  if (model.chat_template && model.chat_template->mentions("enable_thinking")) out.push_back("thinking");
  return out;
}

Json card(const std::string& id, const ModelFacts& facts, const std::string& parent) {
  Json out(Json::Object{});
  out.set("name", shown_name(id));
  out.set("model", shown_name(id));
  out.set("size", size_t{facts.size_bytes});
  out.set("digest", digest_of(id, facts));
  out.set("details", details_json(facts, parent));
  return out;
}

using Description = serving::ModelDirectory::Description;
using Entries = std::vector<serving::LibraryEntry>;

// A store that cannot be read is no reason not to list what is served.
Entries entries_of(const Environment& environment) {
  if (!environment.library) return {};
  return environment.library->list().value_or(Entries());
}

ModelFacts facts_of(const Description& description, const Entries& entries) {
  if (description.model) return description.model->facts;
  for (const serving::LibraryEntry& entry : entries)
    if (entry.id == description.entry.id || entry.id == description.entry.source) return entry.facts;
  return {};
}

std::string parent_of(const Description& description) {
  return description.model ? description.model->presets.parent : "";
}

// What may be asked for, then what the machine holds beside it.
Json tags_json(const Environment& environment) {
  Json list(Json::Array{});
  std::set<std::string> seen;
  const Entries entries = entries_of(environment);
  for (const Description& description : environment.models->all()) {
    Json one = card(description.entry.id, facts_of(description, entries), parent_of(description));
    one.set("modified_at", rfc3339(description.entry.created));
    if (description.model) one.set("capabilities", capabilities_json(*description.model));
    list.push_back(std::move(one));
    seen.insert(description.entry.id);
  }
  for (const serving::LibraryEntry& entry : entries) {
    if (!seen.insert(entry.id).second) continue;
    Json one = card(entry.id, entry.facts, "");
    one.set("modified_at", rfc3339(0));
    list.push_back(std::move(one));
  }
  Json out(Json::Object{});
  out.set("models", std::move(list));
  return out;
}

std::string expiry(const Description& description, int64_t now) {
  if (!description.expires_in) return kNever;
  return rfc3339(now + std::chrono::ceil<std::chrono::seconds>(*description.expires_in).count());
}

Json running_json(const Environment& environment) {
  Json list(Json::Array{});
  for (const Description& description : environment.models->all()) {
    if (!description.model) continue;
    Json one = card(description.entry.id, description.model->facts, parent_of(description));
    if (description.bytes > 0) one.set("size", size_t{description.bytes});
    one.set("expires_at", expiry(description, environment.unix_seconds()));
    one.set("size_vram", 0);
    one.set("context_length", description.model->engine->context_tokens());
    list.push_back(std::move(one));
  }
  Json out(Json::Object{});
  out.set("models", std::move(list));
  return out;
}

Json model_info_json(const ServedModel& model) {
  Json out = model.metadata && model.metadata->is_object() ? *model.metadata : Json(Json::Object{});
  out.set("general.architecture", model.facts.architecture);
  out.set("general.parameter_count", model.facts.n_parameters);
  out.set(model.facts.architecture + ".context_length", model.facts.context_length);
  return out;
}

std::string license_of(const ServedModel& model) {
  const Json* license = model.metadata ? model.metadata->find("general.license") : nullptr;
  return license && license->is_string() ? license->as_string() : "";
}

std::string system_of(const ServedModel& model) {
  if (!model.presets.messages.is_array()) return "";
  for (const Json& message : model.presets.messages.as_array())
    if (*message.find("role") == Json("system")) return message.find("content")->as_string();
  return "";
}

Json show_json(const ServedModel& model) {
  Json out(Json::Object{});
  if (const std::string license = license_of(model); !license.empty()) out.set("license", license);
  out.set("modelfile", modelfile_of(model));
  out.set("parameters", parameters_of(model));
  out.set("template", model.template_source);
  if (const std::string system = system_of(model); !system.empty()) out.set("system", system);
  out.set("details", details_json(model.facts, model.presets.parent));
  out.set("model_info", model_info_json(model));
  out.set("capabilities", capabilities_json(model));
  out.set("modified_at", rfc3339(model.created));
  return out;
}

Parsed<Json> show(const Environment& environment, const http::Request& request) {
  const Json body = TRY_PARSED(parse_body(request.body));
  const std::string id = TRY_PARSED(read_model_name(body));
  return show_json(*TRY_PARSED(find_served(environment, id)));
}

Json version_json() {
  Json out(Json::Object{});
  out.set("version", kVersion);
  return out;
}

void send(Parsed<Json> json, http::Reply& reply) {
  reply.send(json ? http::json_response(200, json->write()) : error_response(json.error()));
}

}  // namespace

void add_model_routes(http::Router& router, const Environment& environment) {
  router.add(
      "GET", "/api/version",
      [](const http::Request&, const SharedReply& reply) { send(version_json(), *reply); },
      http::RunOn::server);
  router.add("GET", "/api/tags", [&environment](const http::Request&, const SharedReply& reply) {
    send(tags_json(environment), *reply);
  });
  router.add(
      "GET", "/api/ps",
      [&environment](const http::Request&, const SharedReply& reply) {
        send(running_json(environment), *reply);
      },
      http::RunOn::server);
  router.add("POST", "/api/show", [&environment](const http::Request& request, const SharedReply& reply) {
    send(show(environment, request), *reply);
  });
}

}  // namespace api::ollama
