#include "api/ollama/modelfile.h"

#include <optional>

#include "base/strings.h"
#include "base/utf8.h"

namespace api::ollama {
namespace {

using base::Json;

constexpr std::string_view kTriple = R"(""")";

class ModelfileReader {
 public:
  explicit ModelfileReader(std::string_view text) : rest_(text) {}

  base::Result<Json> read() {
    while (!rest_.empty()) {
      const std::string_view line = base::trim(take_line());
      if (line.empty() || line.front() == '#') continue;
      const size_t end = line.find_first_of(" \t");
      const std::string name = base::to_lower_ascii(line.substr(0, end));
      const std::string value =
          TRY(read_value(end == std::string_view::npos ? std::string_view() : base::trim(line.substr(end))));
      TRY(set(name, value));
    }
    if (!out_.find("from")) return base::fail(base::Code::invalid_argument, "the Modelfile has no FROM");
    return std::move(out_);
  }

 private:
  std::string_view take_line() {
    ++line_;
    const size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return line;
  }

  std::unexpected<base::Error> fail(std::string_view fault) const {
    return base::fail(base::Code::invalid_argument, base::cat("Modelfile, line ", line_, ": ", fault));
  }

  // What stands behind an instruction; for PARAMETER and MESSAGE only the last word may be in quotes.
  base::Result<std::string> read_value(std::string_view value) {
    const size_t quote = value.find('"');
    if (quote == std::string_view::npos) return std::string(value);
    std::string head(value.substr(0, quote));
    value.remove_prefix(quote);
    if (value.starts_with(kTriple)) return head + TRY(read_block(value.substr(kTriple.size())));
    const bool is_quoted = value.size() >= 2 && value.back() == '"';
    return head + std::string(is_quoted ? value.substr(1, value.size() - 2) : value);
  }

  // Up to the closing mark, over several lines.
  base::Result<std::string> read_block(std::string_view first) {
    const int begin = line_;
    std::string out;
    for (std::string_view line = first;; line = take_line()) {
      const size_t end = line.find(kTriple);
      if (end != std::string_view::npos) return out + std::string(line.substr(0, end));
      if (rest_.empty()) {
        line_ = begin;
        return fail(R"(a text begins with """ and never ends)");
      }
      out += std::string(line) + "\n";
    }
  }

  base::Status set(const std::string& name, const std::string& value) {
    if (name == "from" || name == "system" || name == "template" || name == "license" || name == "adapter")
      return out_.set(name == "adapter" ? "adapters" : name, value), base::Status();
    const size_t space = value.find_first_of(" \t");
    if (name != "parameter" && name != "message")
      return fail(base::cat("'", base::printable(name), "' is no instruction that is known here"));
    if (space == std::string::npos) return fail(base::cat("'", name, "' needs two words"));
    const std::string first = value.substr(0, space),
                      second(base::trim(std::string_view(value).substr(space)));
    if (name == "parameter")
      add_parameter(first, second);
    else
      add_message(first, second);
    return {};
  }

  // `stop` may be there several times.
  void add_parameter(const std::string& name, const std::string& value) {
    Json parameters = member("parameters", Json::Object{});
    if (name == "stop") {
      Json stops = parameters.find("stop") ? *parameters.find("stop") : Json(Json::Array{});
      stops.push_back(value);
      parameters.set("stop", std::move(stops));
    } else {
      auto parsed = Json::parse(value);
      parameters.set(name, parsed ? std::move(*parsed) : Json(value));
    }
    out_.set("parameters", std::move(parameters));
  }

  void add_message(const std::string& role, const std::string& content) {
    Json messages = member("messages", Json::Array{});
    Json message(Json::Object{});
    message.set("role", role);
    message.set("content", content);
    messages.push_back(std::move(message));
    out_.set("messages", std::move(messages));
  }

  Json member(std::string_view name, const Json& otherwise) const {
    const Json* found = out_.find(name);
    return found ? *found : otherwise;
  }

  std::string_view rest_;
  int line_ = 0;
  Json out_ = Json::Object{};
};

void append_parameter(std::string_view name, const Json& value, std::string_view before, std::string& out) {
  if (value.is_array()) {
    for (const Json& element : value.as_array()) append_parameter(name, element, before, out);
    return;
  }
  out += base::cat(before, name, " ", value.write(), "\n");
}

// Those of an alias win over its model's.
Json all_parameters(const serving::ServedModel& model) {
  Json out = model.presets.parameters.is_object() ? model.presets.parameters : Json(Json::Object{});
  auto add = [&](const char* name, const auto& value) {
    if (value && !out.find(name)) out.set(name, *value);
  };
  add("temperature", model.defaults.temperature);
  add("top_k", model.defaults.top_k);
  add("top_p", model.defaults.top_p);
  add("min_p", model.defaults.min_p);
  return out;
}

void append_text(std::string_view name, std::string_view text, std::string& out) {
  out += base::cat(name, " ", kTriple, text, kTriple, "\n");
}

}  // namespace

base::Result<Json> parse_modelfile(std::string_view text) {
  return ModelfileReader(text).read();
}

std::string parameters_of(const serving::ServedModel& model) {
  std::string out;
  const Json all = all_parameters(model);
  for (const Json::Member& member : all.as_object()) append_parameter(member.key, member.value, "", out);
  return out;
}

std::string modelfile_of(const serving::ServedModel& model) {
  std::string out = base::cat("FROM ", model.presets.parent.empty() ? model.id : model.presets.parent, "\n");
  if (!model.template_source.empty()) append_text("TEMPLATE", model.template_source, out);
  const Json all = all_parameters(model);
  for (const Json::Member& member : all.as_object())
    append_parameter(member.key, member.value, "PARAMETER ", out);
  if (!model.presets.messages.is_array()) return out;
  for (const Json& message : model.presets.messages.as_array()) {
    const std::string& role = message.find("role")->as_string();
    append_text(role == "system" ? "SYSTEM" : "MESSAGE " + role, message.find("content")->as_string(), out);
  }
  return out;
}

}  // namespace api::ollama
