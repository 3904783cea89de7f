#pragma once
// Rows that the field tables of several dialects share.
#include <span>

#include "api/common/fields.h"

namespace api {

// Hints that every OpenAI-like route accepts: user, metadata, service_tier, ...
std::span<const Field> hint_fields();
// The same for chats: reasoning_effort, verbosity, ...
std::span<const Field> chat_hint_fields();
// Demands on the form of an answer: schemas, grammars.
std::span<const Field> structure_fields();
// Tools, budgets for thoughts, other modalities.
std::span<const Field> tool_fields();

}  // namespace api
