#pragma once
// Bodies of POST /v1/messages and /v1/messages/count_tokens to what serving takes. Pure: no model is asked.
#include "api/common/asked.h"
#include "api/common/errors.h"
#include "api/common/messages.h"
#include "base/json.h"

namespace api::anthropic {

struct MessageRequest {
  Asked asked;
  Chat chat;
  bool show_thoughts = true;  // else thinking blocks are empty
};

// REQUIRES: an object.
Parsed<MessageRequest> read_message_request(const base::Json& body);
// The same for a request that only counts its prompt.
Parsed<MessageRequest> read_count_request(const base::Json& body);

}  // namespace api::anthropic
