#include "apps/domicile/conversation.h"

#include "apps/domicile/model_flags.h"
#include "apps/domicile/output.h"
#include "apps/domicile/text_stats.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "serving/generation.h"

namespace apps {

using base::cat;
using base::Json;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kHelp =
    "  /system [TEXT]      show the system message, or set it and begin anew;\n"
    "                      \"\" takes it away\n"
    "  /set [NAME VALUE]   show the settings, or change one: temperature, top-k,\n"
    "                      top-p, min-p, seed, max-tokens, think (on, off),\n"
    "                      stats (on, off); the value default takes it back\n"
    "  /clear              forget the conversation\n"
    "  /stats              speeds of the last answer\n"
    "  /bye                leave\n"
    "  /?                  this help\n"
    "\n"
    "  Enter               send\n"
    "  \\ Enter, Ctrl-J     go on in a new line (Alt-Enter too)\n"
    "  \"\"\"                 begin and end a block of lines; a paste is one message anyway\n"
    "  Up, Down            earlier messages\n"
    "  Ctrl-C              stop the answer, or drop what is typed\n"
    "  Ctrl-D              leave\n"
    "  //text              send a text that begins with a slash\n";

Json message(const char* role, std::string content) {
  Json json;
  json.set("role", role);
  json.set("content", std::move(content));
  return json;
}

}  // namespace

Result<serving::Prompt> Conversation::prompt_for(const std::string& text) const {
  if (host_.served().chat_template == nullptr)
    return serving::text_prompt(host_.served(), text, serving::PlainText::as_usual);
  Json::Array all;
  if (system_) all.push_back(message("system", *system_));
  all.insert(all.end(), messages_.begin(), messages_.end());
  all.push_back(message("user", text));
  Json variables = Json::Object{};
  if (settings_.think) variables.set("enable_thinking", *settings_.think);
  return serving::chat_prompt(host_.served(), {.messages = std::move(all),
                                               .variables = std::move(variables),
                                               .now = serving::local_time(),
                                               .cache_salt = ""});
}

Status Conversation::turn(const std::string& text) {
  interrupt_.clear();
  serving::Prompt prompt = TRY(prompt_for(text));
  const serving::GenerationOptions options{.sampling = settings_.sampling,
                                           .seed = settings_.seed.value_or(fresh_seed()),
                                           .max_tokens = settings_.max_tokens.value_or(-1),
                                           .split_reasoning = true};
  std::string answer, reasoning;
  AnswerPrinter printer({.is_terminal = true});
  ProgressBar bar("reading", ProgressBar::Unit::tokens);
  const auto on_event = [&](const serving::Event& event) {
    bar.clear();
    answer += event.content;
    reasoning += event.reasoning;
    printer.show(event);
    if (!printer.status()) interrupt_.set();
  };
  const auto on_prefill = [&](int64_t done, int64_t total) {
    bar.update(static_cast<uint64_t>(done), static_cast<uint64_t>(total));
  };
  const Result<serving::Outcome> outcome =
      serving::generate(host_.served(), std::move(prompt), options,
                        {.on_event = on_event, .on_prefill = on_prefill, .cancelled = &interrupt_.flag()});
  bar.clear();
  printer.finish();
  TRY(printer.status());
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->error) return std::unexpected(*outcome->error);
  last_timings_ = outcome->timings;
  const bool is_cancelled = outcome->reason == engine::FinishReason::cancelled;
  if (!is_cancelled || !answer.empty()) remember(text, std::move(answer), std::move(reasoning));
  if (is_cancelled) print_note("(stopped)");
  if (outcome->reason == engine::FinishReason::length)
    print_note(settings_.max_tokens && outcome->timings.generated_tokens >= *settings_.max_tokens
                   ? "(cut at max-tokens)"
                   : "(the context is full: /clear begins anew)");
  if (settings_.stats) print_note(stats_line(outcome->timings));
  return {};
}

void Conversation::remember(const std::string& text, std::string answer, std::string reasoning) {
  messages_.push_back(message("user", text));
  Json said = message("assistant", std::move(answer));
  if (!reasoning.empty()) said.set("reasoning_content", std::move(reasoning));
  messages_.push_back(std::move(said));
}

void Conversation::set(std::string_view rest) {
  if (rest.empty()) {
    if (const Status shown = print(settings_.to_text(host_.served().defaults)); !shown)
      print_error(shown.error().message);
    return;
  }
  // "/set parameter temperature 0.2" and "/set system ..." are what other programs taught.
  if (rest.starts_with("parameter ")) rest = base::trim(rest.substr(rest.find(' ')));
  const size_t at = std::min(rest.find_first_of(" =\n"), rest.size());
  const std::string_view name = rest.substr(0, at);
  const std::string_view value = at == rest.size() ? "" : base::trim(rest.substr(at + 1));
  if (name == "system") return set_system(value);
  if (value.empty()) return print_note("/set takes a name and a value, as in: /set temperature 0.2");
  const Status done = settings_.set(name, value);
  print_note(done ? cat("(", name, ": ", value, ")") : done.error().message);
}

void Conversation::set_system(std::string_view text) {
  if (text.empty()) return print_note(system_ ? *system_ : "there is no system message");
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    text = text.substr(1, text.size() - 2);
  system_ = text.empty() ? std::nullopt : std::optional(std::string(text));
  messages_.clear();
  print_note(system_ ? "(system message set; the conversation begins anew)"
                     : "(no system message; the conversation begins anew)");
}

bool Conversation::command(std::string_view line) {
  line = base::trim(line);
  const size_t blank = std::min(line.find_first_of(" \n"), line.size());
  const std::string_view name = line.substr(0, blank);
  const std::string_view rest = base::trim(line.substr(blank));
  if (name == "/bye" || name == "/exit" || name == "/quit") return false;
  if (name == "/?" || name == "/help") {
    if (const Status shown = print(kHelp); !shown) print_error(shown.error().message);
  } else if (name == "/clear") {
    messages_.clear();
    print_note("(the conversation is forgotten)");
  } else if (name == "/stats") {
    print_note(last_timings_ ? stats_line(*last_timings_) : "there was no answer yet");
  } else if (name == "/system") {
    set_system(rest);
  } else if (name == "/set") {
    set(rest);
  } else {
    print_note(cat("there is no command ", base::printable(name, 40),
                   ": /? lists them, //text sends a text that begins with a slash"));
  }
  return true;
}

}  // namespace apps
