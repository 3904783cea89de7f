// domicile render: the prompt that a chat template makes of messages.
#include <ctime>
#include <filesystem>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/inputs.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "chat/segments.h"
#include "loading/text_side.h"
#include "serving/prompt.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

struct RenderFlags {
  std::string model;
  std::optional<std::string> messages, tools, kwargs, now, jsonl;
  bool json = false;
};

Result<chat::CivilTime> parse_time(const std::optional<std::string>& text) {
  if (!text) return serving::local_time();
  std::tm time{};
  const char* end = ::strptime(text->c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (end == nullptr || *end != '\0')
    return fail(Code::invalid_argument,
                cat("--now is '", base::printable(*text, 40), "', must be like 2025-03-14T09:26:53"));
  return chat::CivilTime{time.tm_year + 1900, time.tm_mon + 1, time.tm_mday,
                         time.tm_hour,        time.tm_min,     time.tm_sec};
}

// Members of `from` over those of `to`.
void overlay(Json& to, const Json& from) {
  for (const Json::Member& each : from.as_object()) to.set(each.key, each.value);
}

Result<Json> object_or_empty(const Json* value, std::string_view what) {
  if (value == nullptr || value->is_null()) return Json(Json::Object{});
  if (!value->is_object()) return fail(Code::invalid_argument, cat(what, " must be a JSON object"));
  return *value;
}

// What a context holds of the caller's own: strings in it are untrusted. A null is a variable like any other.
bool is_callers(const Json::Member& member) {
  return !member.value.is_null() &&
         (member.key == "messages" || member.key == "tools" || member.key == "documents");
}

// A line of --jsonl: a case (messages, tools, documents, kwargs), or `template` and `context` of its own.
Result<chat::RenderInput> input_of_line(const Json& line, const Json& variables, chat::CivilTime now) {
  chat::RenderInput input{.now = now};
  const bool own_context = line.find("context") != nullptr;
  const Json given =
      TRY(object_or_empty(line.find(own_context ? "context" : "kwargs"), own_context ? "context" : "kwargs"));
  const auto take = [&](const Json& from, const char* key, Json& to) {
    if (const Json* value = from.find(key); value != nullptr) to = *value;
  };
  input.variables = variables;
  if (own_context)
    input.variables = Json(Json::Object{});
  else
    input.variables.set("add_generation_prompt", true);
  input.null_is_undefined = own_context;
  for (const Json::Member& each : given.as_object())
    if (!own_context || !is_callers(each)) input.variables.set(each.key, each.value);
  const Json& holder = own_context ? given : line;
  take(holder, "messages", input.messages);
  take(holder, "tools", input.tools);
  take(holder, "documents", input.documents);
  return input;
}

Json json_ranges(std::span<const chat::ByteRange> ranges) {
  Json::Array array;
  for (const auto& [begin, end] : ranges) array.push_back(Json::Array{Json(begin), Json(end)});
  return array;
}

Json shown(const chat::Rendered& rendered) {
  Json result;
  result.set("prompt", rendered.text);
  result.set("trusted", json_ranges(rendered.trusted));
  return result;
}

Result<Json> render_line(const loading::TextSide* side, std::string_view text, chat::CivilTime now) {
  const Json line = TRY(Json::parse(text, {.max_depth = 512}));
  const chat::RenderInput input =
      TRY(input_of_line(line, side != nullptr ? side->template_variables : Json(Json::Object{}), now));
  const Json* own = line.find("template");
  if (own != nullptr && own->is_string()) {
    const chat::Template parsed = TRY(chat::Template::parse(own->as_string()));
    return shown(TRY(parsed.render(input)));
  }
  if (side == nullptr || !side->chat_template)
    return fail(Code::invalid_argument, "there is no template for the line");
  return shown(TRY(side->chat_template->render(input)));
}

Result<int> render_lines(const RenderFlags& flags, const loading::TextSide* side, chat::CivilTime now) {
  TRY(print(
      TRY(answer_jsonl(*flags.jsonl, [&](std::string_view line) { return render_line(side, line, now); }))));
  return kExitOk;
}

// A model, or a template alone: a file that is neither GGUF nor JSON nor a folder.
Result<loading::TextSide> load_side(const std::string& model, const config::Settings& settings) {
  std::error_code error;
  const std::filesystem::path path(model);
  const bool is_template = path.extension() == ".jinja" && std::filesystem::is_regular_file(path, error);
  if (!is_template) return loading::load_text_side(TRY(resolve_model(model, settings)));
  loading::TextSide side;
  auto replaced = loading::replace_template(side, TRY(read_input_file(model)));
  if (!replaced) return fail(replaced.error(), cat("template '", model, "'"));
  return side;
}

Result<int> render(const RenderFlags& flags, const config::Settings& settings) {
  const chat::CivilTime now = TRY(parse_time(flags.now));
  if (flags.jsonl && flags.model == "-") return render_lines(flags, nullptr, now);
  const loading::TextSide side = TRY(load_side(flags.model, settings));
  if (flags.jsonl) return render_lines(flags, &side, now);
  if (!flags.messages) return fail(Code::invalid_argument, "give --messages FILE or --jsonl FILE");
  if (!side.chat_template && !side.template_problem.empty())
    return fail(Code::corrupt,
                cat("the chat template of '", flags.model, "' does not parse: ", side.template_problem));
  if (!side.chat_template)
    return fail(Code::unsupported, cat("model '", flags.model, "' has no chat template: give a .jinja file"));

  chat::RenderInput input{.now = now};
  input.messages = TRY(read_json_file(*flags.messages));
  if (flags.tools) input.tools = TRY(read_json_file(*flags.tools));
  input.variables = side.template_variables;
  input.variables.set("add_generation_prompt", true);
  if (flags.kwargs) {
    const Json kwargs = TRY(read_json_file(*flags.kwargs));
    overlay(input.variables, TRY(object_or_empty(&kwargs, "--kwargs")));
  }
  const auto result = side.chat_template->render(input);
  // A template's own complaint is no fault of the command line: status 1.
  if (!result) return fail(Code::corrupt, result.error().message);
  const chat::Rendered& rendered = *result;
  if (!flags.json) {
    TRY(print(rendered.text));
    return kExitOk;
  }
  Json json = shown(rendered);
  if (side.tokenizer) {
    Json::Array ids;
    for (const TokenId id : side.tokenizer->encode_strict(chat::segments(rendered)))
      ids.emplace_back(int64_t{id});
    json.set("ids", std::move(ids));
  }
  TRY(print_json(json));
  return kExitOk;
}

}  // namespace

Command render_command() {
  auto flags = std::make_shared<RenderFlags>();
  return {
      .name = "render",
      .summary = "The prompt that a chat template makes of messages, with the origin of every byte",
      .examples =
          "  domicile render smollm2 --messages messages.json\n"
          "  domicile render template.jinja --messages messages.json --kwargs kwargs.json --json",
      .settings = {},
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model,
                           "name, .gguf, folder or template.jinja (- with --jsonl: no template)");
            set.text("--messages", flags->messages, "FILE", "a JSON array of messages");
            set.text("--tools", flags->tools, "FILE", "a JSON array of tools");
            set.text("--kwargs", flags->kwargs, "FILE", "a JSON object: further variables of the template");
            set.text("--now", flags->now, "TIME", "the clock of strftime_now: 2025-03-14T09:26:53");
            set.text("--jsonl", flags->jsonl, "FILE", "one case per line in, one result per line out");
            set.flag("--json", flags->json, "print JSON");
          },
      .run = [flags](const config::Settings& settings) { return render(*flags, settings); },
  };
}

}  // namespace apps
