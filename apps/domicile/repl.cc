#include "apps/domicile/repl.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "apps/domicile/flags.h"
#include "apps/domicile/line_editor.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/output.h"
#include "apps/domicile/text_stats.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "platform/terminal.h"
#include "serving/generation.h"

namespace apps {

using base::cat;
using base::Json;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kHelp =
    "  /system [TEXT]     the system message: show it, or set it and begin anew\n"
    "  /set [NAME VALUE]  temperature, top-k, top-p, min-p, seed, max-tokens, think (on, off, default), "
    "stats (on, off)\n"
    "  /clear             forget the conversation\n"
    "  /stats             speeds of the last answer\n"
    "  /bye               leave (or Ctrl-D)\n"
    "  /?                 this help\n"
    "Enter sends; a backslash at the end, Ctrl-J or Alt-Enter goes on in a new line, \"\"\" begins and ends "
    "a block.\n"
    "Ctrl-C stops the answer. A text that begins with a slash is sent as //text.\n";

// What is typed while an answer runs is neither shown nor, after Ctrl-C, kept.
class QuietTyping {
 public:
  QuietTyping() {
    active_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!active_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  ~QuietTyping() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  QuietTyping(const QuietTyping&) = delete;
  QuietTyping& operator=(const QuietTyping&) = delete;
  static void drop_typed() { ::tcflush(STDIN_FILENO, TCIFLUSH); }

 private:
  termios before_{};
  bool active_ = false;
};

class Conversation {
 public:
  Conversation(const serving::HostedModel& host, const config::Settings& settings, const ReplOptions& options,
               const Interrupt& interrupt)
      : host_(host), interrupt_(interrupt), system_(options.system), show_stats_(options.show_stats) {
    generation_.sampling = sampling_choices(settings);
    generation_.max_tokens = settings.integer("max-tokens").value_or(-1);
    generation_.split_reasoning = true;
    if (const auto seed = settings.integer("seed")) fixed_seed_ = static_cast<uint64_t>(*seed);
  }

  // Sends `text` and streams the answer. A failed turn leaves the conversation as it was.
  Status turn(const std::string& text);
  // A line that begins with a slash. False: the user leaves.
  bool command(std::string_view line);

 private:
  Result<serving::Prompt> prompt_for(const std::string& text) const;
  Json::Array with_system() const;
  Status set(std::string_view name, std::string_view value);
  std::string shown_settings() const;

  const serving::HostedModel& host_;
  const Interrupt& interrupt_;
  Json::Array messages_;
  std::optional<std::string> system_;
  serving::GenerationOptions generation_;
  std::optional<uint64_t> fixed_seed_;
  std::optional<bool> think_;
  bool show_stats_;
  std::optional<engine::Timings> last_timings_;
};

Json message(const char* role, std::string content) {
  Json json;
  json.set("role", role);
  json.set("content", std::move(content));
  return json;
}

Json::Array Conversation::with_system() const {
  Json::Array all;
  if (system_) all.push_back(message("system", *system_));
  all.insert(all.end(), messages_.begin(), messages_.end());
  return all;
}

Result<serving::Prompt> Conversation::prompt_for(const std::string& text) const {
  if (host_.served().chat_template == nullptr)
    return serving::text_prompt(host_.served(), text, serving::PlainText::as_usual);
  Json::Array all = with_system();
  all.push_back(message("user", text));
  Json variables = Json::Object{};
  if (think_) variables.set("enable_thinking", *think_);
  return serving::chat_prompt(
      host_.served(),
      {.messages = std::move(all), .variables = std::move(variables), .now = serving::local_time()});
}

Status Conversation::turn(const std::string& text) {
  serving::Prompt prompt = TRY(prompt_for(text));
  generation_.seed = fixed_seed_.value_or(fresh_seed());
  std::string answer, reasoning;
  AnswerPrinter printer(/*dims_thoughts=*/true);
  interrupt_.clear();
  const QuietTyping quiet;
  const auto on_event = [&](const serving::Event& event) {
    answer += event.content;
    reasoning += event.reasoning;
    printer.show(event);
  };
  Result<serving::Outcome> outcome =
      serving::generate(host_.served(), std::move(prompt), generation_,
                        {.on_event = on_event, .cancelled = &interrupt_.flag()});
  printer.finish();
  if (interrupt_.is_set()) QuietTyping::drop_typed();
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->error) return std::unexpected(*outcome->error);
  last_timings_ = outcome->timings;
  messages_.push_back(message("user", text));
  Json said = message("assistant", std::move(answer));
  if (!reasoning.empty()) said.set("reasoning_content", std::move(reasoning));
  messages_.push_back(std::move(said));
  if (outcome->reason == engine::FinishReason::length)
    print_note("(the answer was cut: max-tokens or the context is full)");
  if (show_stats_) print_note(stats_line(outcome->timings));
  return {};
}

Result<std::optional<bool>> on_or_off(std::string_view name, std::string_view value) {
  if (value == "on") return true;
  if (value == "off") return false;
  if (value == "default") return std::nullopt;
  return base::fail(base::Code::invalid_argument, cat(name, " takes on or off, not '", value, "'"));
}

Status Conversation::set(std::string_view name, std::string_view value) {
  const auto wrong = [&] {
    return base::fail(base::Code::invalid_argument, cat("'", value, "' is no value for ", name));
  };
  if (name == "think") {
    think_ = TRY(on_or_off(name, value));
    return {};
  }
  if (name == "stats") {
    show_stats_ = TRY(on_or_off(name, value)).value_or(false);
    return {};
  }
  if (name == "temperature" || name == "top-p" || name == "min-p") {
    const auto number = base::parse_double(value);
    if (!number || *number < 0 || *number > (name == "temperature" ? 100 : 1)) return wrong();
    (name == "temperature" ? generation_.sampling.temperature
     : name == "top-p"     ? generation_.sampling.top_p
                           : generation_.sampling.min_p) = *number;
    return {};
  }
  if (name == "top-k" || name == "seed" || name == "max-tokens") {
    const auto number = base::parse_int(value);
    if (!number || *number < (name == "max-tokens" ? -1 : 0)) return wrong();
    if (name == "top-k") generation_.sampling.top_k = *number;
    if (name == "seed") fixed_seed_ = static_cast<uint64_t>(*number);
    if (name == "max-tokens") generation_.max_tokens = *number;
    return {};
  }
  return base::fail(base::Code::invalid_argument, cat("there is no setting '", name, "': /? lists them"));
}

std::string Conversation::shown_settings() const {
  const auto number = [](const auto& value) { return value ? cat(*value) : std::string("the model's own"); };
  const serving::SamplingChoices& s = generation_.sampling;
  return cat(
      "  temperature  ", number(s.temperature), "\n  top-k        ", number(s.top_k), "\n  top-p        ",
      number(s.top_p), "\n  min-p        ", number(s.min_p), "\n  seed         ",
      fixed_seed_ ? cat(*fixed_seed_) : std::string("a fresh one for each answer"), "\n  max-tokens   ",
      generation_.max_tokens < 0 ? std::string("until the context is full") : cat(generation_.max_tokens),
      "\n  think        ", think_ ? (*think_ ? "on" : "off") : "the model's own", "\n  stats        ",
      show_stats_ ? "on" : "off", "\n");
}

bool Conversation::command(std::string_view line) {
  const size_t blank = line.find_first_of(" \n");
  const std::string_view name = line.substr(0, blank);
  const std::string_view rest = blank == std::string_view::npos ? "" : base::trim(line.substr(blank));
  if (name == "/bye" || name == "/exit" || name == "/quit") return false;
  if (name == "/?" || name == "/help") {
    (void)print(kHelp);
  } else if (name == "/clear") {
    messages_.clear();
    print_note("(the conversation is forgotten)");
  } else if (name == "/stats") {
    print_note(last_timings_ ? stats_line(*last_timings_) : "there was no answer yet");
  } else if (name == "/system") {
    if (rest.empty()) {
      print_note(system_ ? *system_ : "there is no system message");
    } else {
      system_ = std::string(rest);
      messages_.clear();
      print_note("(system message set; the conversation begins anew)");
    }
  } else if (name == "/set") {
    const size_t at = rest.find_first_of(" =");
    if (rest.empty())
      (void)print(shown_settings());
    else if (at == std::string_view::npos)
      print_note("/set takes a name and a value: /set temperature 0.2");
    else if (const Status done = set(rest.substr(0, at), base::trim(rest.substr(at + 1))); !done)
      print_note(done.error().message);
  } else {
    print_note(
        cat("there is no command ", name, ": /? lists them, //text sends a text that begins with a slash"));
  }
  return true;
}

// One input; a block that """ began goes on until """ ends it.
LineEditor::Input read_input(LineEditor& editor) {
  constexpr std::string_view kBlock = "\"\"\"";
  LineEditor::Input input = editor.read(">>> ");
  if (input.outcome != LineEditor::Outcome::sent || !input.text.starts_with(kBlock)) return input;
  std::string text = input.text.substr(kBlock.size());
  while (!text.ends_with(kBlock)) {
    LineEditor::Input more = editor.read("... ");
    if (more.outcome != LineEditor::Outcome::sent) return more;
    text += cat(text.empty() ? "" : "\n", more.text);
  }
  input.text = text.substr(0, text.size() - kBlock.size());
  return input;
}

std::string history_path(const config::Settings& settings) {
  const std::filesystem::path directory = settings.text("data-dir").value_or(".");
  return (directory / "history").string();
}

}  // namespace

Result<int> run_repl(const serving::HostedModel& host, const config::Settings& settings,
                     const ReplOptions& options, const Interrupt& interrupt) {
  if (!host.served().tokenizer_problem.empty())
    return base::fail(base::Code::unsupported,
                      cat("model '", host.served().id, "': ", host.served().tokenizer_problem));
  if (!platform::is_terminal(STDOUT_FILENO))
    return base::fail(base::Code::invalid_argument, "a conversation needs a terminal: give -p TEXT");
  History history(history_path(settings));
  LineEditor editor(STDIN_FILENO, STDOUT_FILENO, history, [&] { return interrupt.wants_end(); });
  Conversation conversation(host, settings, options, interrupt);
  print_note(cat(host.served().id, ", ", host.engine().context_tokens(), " tokens of context, ",
                 host.backend().kernels_name(), " kernels, ", host.backend().n_threads(),
                 " threads. /? for help."));
  if (host.served().chat_template == nullptr)
    print_note("The model has no chat template: it goes on with your text as it stands.");

  while (!interrupt.wants_end()) {
    const LineEditor::Input input = read_input(editor);
    if (input.outcome == LineEditor::Outcome::ended) break;
    if (input.outcome == LineEditor::Outcome::interrupted) {
      print_note("(Ctrl-D or /bye ends)");
      continue;
    }
    if (base::trim(input.text).empty()) continue;
    history.add(input.text);
    std::string_view text = input.text;
    if (text.starts_with("/") && !text.starts_with("//")) {
      if (!conversation.command(text)) break;
      continue;
    }
    if (text.starts_with("//")) text.remove_prefix(1);
    if (const Status done = conversation.turn(std::string(text)); !done) print_error(done.error().message);
  }
  return kExitOk;
}

}  // namespace apps
