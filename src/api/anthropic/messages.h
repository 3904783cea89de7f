#pragma once
// Anthropic's system prompt and messages, as common/messages.h describes what a template sees.
//
//   thinking                    reasoning_content of the answer; redacted_thinking is left out
//   tool_use, tool_result       the answer's tool_calls; a message of role tool
//   turns of one role in a row  one turn
//
// Images, documents and everything else is refused by its place: "messages[1].content[0]".
#include <string>
#include <vector>

#include "api/common/field_reader.h"
#include "base/json.h"

namespace api::anthropic {

struct Conversation {
  base::Json messages = base::Json::Array{};
  bool ends_with_answer = false;  // the model shall go on with it
};

// `system` may be null. Failures go to `reader`. Appends names of members without effect to `ignored`, each
// once.
Conversation read_conversation(const base::Json* system, const base::Json& messages, FieldReader& reader,
                               std::vector<std::string>& ignored);

}  // namespace api::anthropic
