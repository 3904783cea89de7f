#pragma once
// The conversation of a REPL: its messages, its settings, and the turns that it takes.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "apps/domicile/chat_settings.h"
#include "apps/domicile/interrupt.h"
#include "base/json.h"
#include "base/result.h"
#include "engine/engine.h"
#include "serving/hosted_model.h"
#include "serving/prompt.h"

namespace apps {

class Conversation {
 public:
  // Borrows both.
  Conversation(const serving::HostedModel& host, const Interrupt& interrupt, ChatSettings settings,
               std::optional<std::string> system)
      : host_(host), interrupt_(interrupt), settings_(std::move(settings)), system_(std::move(system)) {}

  // Sends `text` and streams the answer. A turn that fails, or is interrupted before its answer began, leaves
  // the conversation as it was. Code::io_error: the terminal has gone.
  base::Status turn(const std::string& text);
  // A line that begins with a slash. False: the user leaves.
  bool command(std::string_view line);

 private:
  base::Result<serving::Prompt> prompt_for(const std::string& text) const;
  void remember(const std::string& text, std::string answer, std::string reasoning);
  void set(std::string_view rest);
  void set_system(std::string_view text);

  const serving::HostedModel& host_;
  const Interrupt& interrupt_;
  ChatSettings settings_;
  base::Json::Array messages_;
  std::optional<std::string> system_;
  std::optional<engine::Timings> last_timings_;
};

}  // namespace apps
