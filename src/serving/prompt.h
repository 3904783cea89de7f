#pragma once
// What a caller wrote to the token ids that a model reads.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/template.h"
#include "serving/served_model.h"

namespace serving {

using chat::CivilTime;

struct Prompt {
  std::vector<TokenId> ids;
  std::string text;                 // what the template made, or the text given; empty if ids were given
  bool starts_in_thinking = false;  // the prompt opened a thought that the answer goes on with
  // Of a chat whose answer is to be remembered: what the text gives, where that is not how it was said
  // before.
  std::vector<TokenId> encoded;
  std::string cache_salt;
};

struct ChatInput {
  base::Json messages;   // array, as the template shall see it
  base::Json variables;  // object, or null: enable_thinking and the like; they win over the model's own
  bool add_generation_prompt = true;
  // The prompt ends with the last message, which the model goes on with: an answer begun by the caller. Then
  // no generation prompt is added.
  bool continue_final_message = false;
  chat::CivilTime now{};
  // That the generation will have. Open: earlier answers are not looked up, and this one is not remembered.
  std::optional<std::string> cache_salt;
};

// Renders the model's template and encodes the result; role marks match only where the template wrote them.
// What the model itself said before has the tokens with which it was said (serving/answer_memory.h).
// Code::unsupported without a template, or if the template does not end the last message with what it says,
// so that it cannot be gone on with; Code::invalid_argument with the template's own words if it refuses.
base::Result<Prompt> chat_prompt(const ServedModel& model, const ChatInput& input);

// Whether the template walks over a message's content if it is a list of parts, instead of printing the list
// or complaining: found by having it render one.
bool walks_over_parts(const ServedModel& model);

enum class PlainText {
  as_usual,  // added tokens recognised, and what the model usually puts before a text (BOS)
  raw,       // added tokens recognised, nothing put before it
};
base::Result<Prompt> text_prompt(const ServedModel& model, std::string_view text, PlainText mode);

// Code::invalid_argument naming the first id that is out of range.
base::Result<Prompt> ids_prompt(const ServedModel& model, std::span<const TokenId> ids);

// This machine's local time, for ChatInput::now.
chat::CivilTime local_time();

}  // namespace serving
