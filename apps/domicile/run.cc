// domicile run: one answer (-p, --ids or piped input), or a conversation on a terminal.
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/inputs.h"
#include "apps/domicile/interrupt.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "apps/domicile/repl.h"
#include "apps/domicile/text_stats.h"
#include "base/strings.h"
#include "platform/terminal.h"
#include "serving/generation.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

struct RunFlags {
  std::string model;
  std::optional<std::string> prompt, words, ids, system;  // words: the prompt without -p
  bool raw = false, ignore_eos = false, json = false, stats = false;
};

struct Answer {
  std::string text, reasoning;
  std::vector<TokenId> ids;
  serving::Outcome outcome;
};

// What the user asked, however it was given. Nothing: a conversation is wanted.
Result<std::optional<std::string>> asked_text(const RunFlags& flags) {
  if (flags.prompt || flags.ids) return flags.prompt;
  if (platform::is_terminal(STDIN_FILENO) && !flags.json) return std::nullopt;
  std::string piped = TRY(read_input_file("-"));
  if (base::trim(piped).empty())
    return fail(Code::invalid_argument, "there is no prompt: give -p TEXT, or text on standard input");
  return piped;
}

Result<serving::Prompt> chat_turn(const serving::ServedModel& model, const RunFlags& flags,
                                  const std::string& text) {
  Json::Array messages;
  const auto add = [&](const char* role, const std::string& content) {
    Json message;
    message.set("role", role);
    message.set("content", content);
    messages.push_back(std::move(message));
  };
  if (flags.system) add("system", *flags.system);
  add("user", text);
  return serving::chat_prompt(model, {.messages = std::move(messages), .now = serving::local_time()});
}

Result<serving::Prompt> make_prompt(const serving::HostedModel& host, const RunFlags& flags,
                                    const std::optional<std::string>& text) {
  const serving::ServedModel& model = host.served();
  if (flags.ids) return serving::ids_prompt(model, TRY(parse_ids(*flags.ids)));
  if (!host.served().tokenizer_problem.empty())
    return fail(Code::unsupported, cat("model '", model.id, "': ", host.served().tokenizer_problem));
  if (flags.raw) return serving::text_prompt(model, *text, serving::PlainText::raw);
  if (model.chat_template != nullptr) return chat_turn(model, flags, *text);
  if (!host.loaded().text.template_problem.empty())
    return fail(Code::corrupt, cat("the chat template of '", model.id,
                                   "' does not parse: ", host.loaded().text.template_problem,
                                   "; use --raw or --chat-template FILE"));
  print_note(cat("model '", model.id, "' has no chat template: it goes on with your text as it stands"));
  return serving::text_prompt(model, *text, serving::PlainText::as_usual);
}

Json timings_json(const engine::Timings& t) {
  Json json;
  json.set("prompt_tokens", t.prompt_tokens);
  json.set("cached_prompt_tokens", t.cached_prompt_tokens);
  json.set("generated_tokens", t.generated_tokens);
  json.set("drafted_tokens", t.drafted_tokens);
  json.set("accepted_tokens", t.accepted_tokens);
  json.set("prefill_seconds", t.prefill_seconds);
  json.set("decode_seconds", t.decode_seconds);
  json.set("prefill_tokens_per_second", prefill_rate(t));
  json.set("decode_tokens_per_second", decode_rate(t));
  return json;
}

Json json_ids(const std::vector<TokenId>& ids) {
  Json::Array array;
  for (const TokenId id : ids) array.emplace_back(int64_t{id});
  return array;
}

base::Status print_result(const RunFlags& flags, const std::vector<TokenId>& prompt_ids,
                          const Answer& answer) {
  Json json;
  json.set("text", answer.text);
  if (!answer.reasoning.empty()) json.set("reasoning", answer.reasoning);
  json.set("ids", json_ids(answer.ids));
  json.set("prompt_ids", json_ids(prompt_ids));
  json.set("finish_reason", serving::finish_reason_name(answer.outcome.reason));
  json.set("timings", timings_json(answer.outcome.timings));
  json.set("model", model_id(flags.model));
  return print_json(json);
}

Result<int> one_answer(const serving::HostedModel& host, const RunFlags& flags,
                       const config::Settings& settings, const std::optional<std::string>& text,
                       const Interrupt& interrupt) {
  serving::Prompt prompt = TRY(make_prompt(host, flags, text));
  const std::vector<TokenId> prompt_ids = prompt.ids;
  const serving::GenerationOptions options{.sampling = sampling_choices(settings),
                                           .seed = seed_of(settings),
                                           .max_tokens = settings.integer("max-tokens").value_or(-1),
                                           .ignore_stop_ids = flags.ignore_eos,
                                           .split_reasoning = !flags.raw && !flags.ids};
  Answer answer;
  AnswerPrinter printer({.is_terminal = platform::is_terminal(STDOUT_FILENO)});
  ProgressBar bar("reading", ProgressBar::Unit::tokens);
  const auto on_prefill = [&](int64_t done, int64_t total) {
    bar.update(static_cast<uint64_t>(done), static_cast<uint64_t>(total));
  };
  const auto on_event = [&](const serving::Event& event) {
    bar.clear();
    answer.text += event.content;
    answer.reasoning += event.reasoning;
    answer.ids.insert(answer.ids.end(), event.ids.begin(), event.ids.end());
    if (flags.json) return;
    printer.show(event);
    if (!printer.status()) interrupt.set();  // nobody reads the answer any more
  };
  answer.outcome = TRY(
      serving::generate(host.served(), std::move(prompt), options,
                        {.on_event = on_event, .on_prefill = on_prefill, .cancelled = &interrupt.flag()}));
  bar.clear();
  printer.finish();
  TRY(printer.status());
  if (answer.outcome.error) return std::unexpected(*answer.outcome.error);
  // At once: the engine may be within a step of several seconds, and there is nothing left to put in order.
  if (answer.outcome.reason == engine::FinishReason::cancelled) std::_Exit(kExitInterrupted);
  if (flags.json) {
    TRY(print_result(flags, prompt_ids, answer));
    return kExitOk;
  }
  if (flags.stats) print_note(stats_line(answer.outcome.timings));
  return kExitOk;
}

Result<int> run(RunFlags flags, const config::Settings& settings) {
  if (flags.prompt && flags.words)
    return fail(Code::invalid_argument, "give the prompt with -p or alone, not both");
  if (flags.words) flags.prompt = std::move(flags.words);
  if (flags.prompt && flags.ids) return fail(Code::invalid_argument, "give -p or --ids, not both");
  if (flags.ids) TRY(parse_ids(*flags.ids));
  const std::optional<std::string> text = TRY(asked_text(flags));
  if (!text && !flags.ids && !platform::is_terminal(STDOUT_FILENO))
    return fail(Code::invalid_argument, "a conversation needs a terminal: give -p TEXT");
  const Interrupt interrupt = TRY(Interrupt::watch());
  const std::shared_ptr<serving::HostedModel> host_model =
      TRY(host(flags.model, settings, &interrupt.flag(), kChatSampling));
  if (!host_model->note().empty()) print_note(host_model->note());
  if (!text && !flags.ids)
    return run_repl(*host_model, settings, {.system = flags.system, .show_stats = flags.stats}, interrupt);
  return one_answer(*host_model, flags, settings, text, interrupt);
}

}  // namespace

Command run_command() {
  auto flags = std::make_shared<RunFlags>();
  std::vector<std::string_view> settings(std::begin(kComputeSettings), std::end(kComputeSettings));
  settings.insert(settings.end(), std::begin(kSamplingSettings), std::end(kSamplingSettings));
  settings.insert(settings.end(), std::begin(kSpeculationSettings), std::end(kSpeculationSettings));
  settings.insert(settings.end(), {"context", "chat-template"});
  return {
      .name = "run",
      .summary = "Chat with a model, or get one answer",
      .examples =
          "  domicile run smollm2\n"
          "  domicile run smollm2 -p 'Explain mmap in two sentences'\n"
          "  git diff | domicile run ./model.gguf --temperature 0",
      .settings = settings,
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model, "name, .gguf or folder");
            set.optional_positional("PROMPT", flags->words,
                                    "the same as -p; one that may begin with a dash needs -p");
            set.verbatim("-p,--prompt", flags->prompt, "TEXT", "ask this and print the answer");
            set.verbatim("--system", flags->system, "TEXT", "system message");
            set.text("--ids", flags->ids, "1,2,3", "the prompt as token ids, used as given");
            set.flag("--raw", flags->raw,
                     "no template, nothing added; added tokens in the prompt are recognised");
            set.flag("--ignore-eos", flags->ignore_eos, "go on past stop tokens");
            set.flag("--stats", flags->stats, "print speeds after the answer");
            set.flag("--json", flags->json, "print one JSON object with text, ids and timings");
          },
      .run = [flags](const config::Settings& given) { return run(*flags, given); },
  };
}

}  // namespace apps
