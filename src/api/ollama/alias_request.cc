#include "api/ollama/alias_request.h"

#include <utility>

#include "api/common/field_reader.h"
#include "api/ollama/fields.h"
#include "api/ollama/modelfile.h"
#include "api/ollama/names.h"
#include "api/ollama/requests.h"
#include "base/strings.h"

namespace api::ollama {
namespace {

using base::Json;

// What the Modelfile says, where no field of the request says otherwise.
Parsed<Json> with_modelfile(const Json& body) {
  const Json* text = body.find("modelfile");
  if (!text || !text->is_string()) return body;
  Json out = TRY_PARSED(from_result(parse_modelfile(text->as_string()), "modelfile"));
  for (const Json::Member& member : body.as_object())
    if (member.key != "modelfile" && !member.value.is_null()) out.set(member.key, member.value);
  return out;
}

void read_messages(FieldReader& reader, serving::Presets& out) {
  Json messages(Json::Array{});
  std::vector<std::string> ignored;
  if (const auto system = reader.text("system"); system && !system->empty())
    messages.push_back(message("system", *system));
  if (const Json* given = reader.any("messages")) {
    const Json more = ollama::read_messages(*given, reader, ignored);
    for (const Json& one : more.as_array()) messages.push_back(one);
  }
  if (!messages.as_array().empty()) out.messages = std::move(messages);
}

Parsed<void> read_parameters(FieldReader& reader, serving::AliasSettings& out) {
  const Json* parameters = reader.object("parameters");
  if (!parameters) return {};
  auto options = read_options(*parameters, "parameters.");
  if (!options) return std::unexpected(std::move(options.error()));
  const serving::GenerationOptions& read = options->asked.options;
  out.sampling = read.sampling;
  out.presets.stop = read.stop;
  if (read.max_tokens > 0) out.presets.max_tokens = read.max_tokens;
  out.presets.parameters = *parameters;
  return {};
}

}  // namespace

Parsed<CreateRequest> read_create_request(const Json& given) {
  const Json body = TRY_PARSED(with_modelfile(given));
  auto fields = check_fields(body, create_fields());
  if (!fields) return std::unexpected(std::move(fields.error()));
  CreateRequest out;
  out.settings.id = std::string(without_latest(TRY_PARSED(read_model_name(body))));
  FieldReader reader(body);
  if (!is_alias_name(out.settings.id))
    reader.wrong("model",
                 "has to have 1 to 128 letters, digits and . _ - : /, beginning with a letter or digit");
  out.parent = std::string(without_latest(reader.text("from").value_or("")));
  if (out.parent.empty()) reader.wrong("from", "is missing: the name of a model that is here");
  out.settings.template_source = reader.text("template").value_or("");
  read_messages(reader, out.settings.presets);
  if (auto read = read_parameters(reader, out.settings); !read)
    return std::unexpected(std::move(read.error()));
  out.stream = reader.boolean("stream").value_or(true);
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

}  // namespace api::ollama
