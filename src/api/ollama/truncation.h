#pragma once
// What Ollama's clients expect of a conversation that has become too long: its oldest turns are left out.
//
// A turn begins with a message of the user. System messages at the beginning and the last turn always stay.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "api/common/errors.h"
#include "base/json.h"
#include "serving/prompt.h"

namespace api::ollama {

struct Fitted {
  serving::Prompt prompt;
  size_t n_dropped = 0;  // messages
};

using Render = std::function<Parsed<serving::Prompt>(const base::Json& messages)>;

// The prompt of all messages if it has less than `limit` tokens; else of the most of them that leave `room`
// tokens for the answer, or, if not even the last turn does, of the last turn, whatever its length.
Parsed<Fitted> fit_conversation(const base::Json& messages, int64_t limit, int64_t room,
                                const Render& render);

}  // namespace api::ollama
