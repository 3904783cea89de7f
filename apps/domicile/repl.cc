#include "apps/domicile/repl.h"

#include <unistd.h>

#include <filesystem>

#include "apps/domicile/conversation.h"
#include "apps/domicile/flags.h"
#include "apps/domicile/line_editor.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/output.h"
#include "base/strings.h"

namespace apps {

using base::cat;
using base::Status;

namespace {

constexpr std::string_view kBlock = "\"\"\"";

// One input; a block that """ began goes on until """ ends it.
LineEditor::Input read_input(LineEditor& editor) {
  LineEditor::Input input = editor.read(">>> ");
  if (input.outcome != LineEditor::Outcome::sent || !input.text.starts_with(kBlock)) return input;
  std::string text = input.text.substr(kBlock.size());
  while (!text.ends_with(kBlock)) {
    LineEditor::Input more = editor.read("... ");
    if (more.outcome != LineEditor::Outcome::sent) return {more.outcome, input.text};
    text += cat(text.empty() ? "" : "\n", more.text);
  }
  input.text = text.substr(0, text.size() - kBlock.size());
  return input;
}

std::string history_path(const config::Settings& settings) {
  const std::filesystem::path directory = settings.text("data-dir").value_or(".");
  return (directory / "history").string();
}

ChatSettings chat_settings(const config::Settings& settings, bool show_stats) {
  ChatSettings chosen{.sampling = sampling_choices(settings),
                      .max_tokens = settings.integer("max-tokens"),
                      .stats = show_stats};
  if (const auto seed = settings.integer("seed")) chosen.seed = static_cast<uint64_t>(*seed);
  return chosen;
}

void greet(const serving::HostedModel& host) {
  print_note(cat(host.served().id, ", ", host.engine().context_tokens(), " tokens of context, ",
                 host.backend().kernels_name(), " kernels, ", host.backend().n_threads(),
                 host.backend().n_threads() == 1 ? " thread" : " threads", ". /? for help."));
  if (host.served().chat_template == nullptr)
    print_note("The model has no chat template: it goes on with your text as it stands.");
}

// False: the conversation is over.
bool answer(Conversation& conversation, LineEditor& editor, const TerminalModes& modes,
            const Interrupt& interrupt, const std::string& text) {
  modes.for_answering();
  const Status done = conversation.turn(text);
  if (interrupt.is_set()) editor.drop_typed();
  if (done) return print("\n").has_value();
  print_error(done.error().message);
  return done.error().code != base::Code::io_error;
}

}  // namespace

base::Result<int> run_repl(const serving::HostedModel& host, const config::Settings& settings,
                           const ReplOptions& options, const Interrupt& interrupt) {
  if (!host.served().tokenizer_problem.empty())
    return base::fail(base::Code::unsupported,
                      cat("model '", host.served().id, "': ", host.served().tokenizer_problem));
  if (!host.served().template_problem.empty())
    return base::fail(base::Code::corrupt, cat("the chat template of '", host.served().id,
                                               "' does not parse: ", host.served().template_problem,
                                               "; use --chat-template FILE"));
  const TerminalModes modes(STDIN_FILENO, STDOUT_FILENO);
  History history(history_path(settings));
  LineEditor editor(STDIN_FILENO, STDOUT_FILENO, modes, history, [&] { return interrupt.wants_end(); });
  Conversation conversation(host, interrupt, chat_settings(settings, options.show_stats), options.system);
  greet(host);

  while (!interrupt.wants_end()) {
    const LineEditor::Input input = read_input(editor);
    if (input.outcome == LineEditor::Outcome::ended) break;
    if (input.outcome == LineEditor::Outcome::interrupted) {
      if (input.text.empty()) print_note("(Ctrl-D or /bye leaves)");
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
    if (!answer(conversation, editor, modes, interrupt, std::string(text))) break;
  }
  return kExitOk;
}

}  // namespace apps
